// The interface between a fan-out and the engine that runs it. Everything that is not deterministic is behind it.

import type { Failure } from './error-class.ts';
import type { MakeTasks } from './task-source.ts';

/** How one invocation ended, and when, in milliseconds since 1970: the same after a replay. */
export type Outcome<Result> = { startedAtMs: number; endedAtMs: number } & (
  | { ok: true; result: Result }
  | { ok: false; error: Failure }
);

/** A request to invoke a function. */
export interface Invocation<Payload> {
  functionName: string;
  payload: Payload;
  /** Pause before the invocation: ends after this many seconds, or earlier when `hurry` settles. */
  pause?: { seconds: number; hurry: Promise<void> };
}

/** The invocations of one fan-out. Each task has a lane, in which its attempts follow each other. */
export interface Lanes {
  /** When the fan-out began, in milliseconds since 1970: the same after a replay. */
  readonly startedAtMs: number;
  /**
   * Invoke a function. The n-th call for a lane is the same invocation after a replay, whatever led to it.
   *
   * @param onEnded called once, with the outcome; never after the end of the fan-out
   */
  invoke<Payload, Result>(
    lane: number,
    invocation: Invocation<Payload>,
    onEnded: (outcome: Outcome<Result>) => void,
  ): void;
  /** When the latest attempt of a lane started; undefined when unknown. */
  getStart(lane: number): number | undefined;
  /**
   * Poll until the end of the fan-out. What a poll finds is recorded.
   *
   * @param pauseSeconds pause before the next poll, given the time of the last one; undefined ends polling
   * @param check gives what to record; undefined for nothing
   * @param onFound called with what was found, now or before a replay
   */
  poll<Found>(
    pauseSeconds: (atMs: number) => number | undefined,
    check: (atMs: number) => Promise<Found | undefined>,
    onFound: (found: Found, atMs: number) => void,
  ): void;
}

export interface Engine {
  /** Durable operations so far, which AWS bills. */
  readonly operations: number;
  /** Qualified name of the function that executes the shards of a large fan-out; undefined without such a function. */
  readonly self?: string;
  /** Makes the tasks of a source; undefined if all fan-outs get lists of tasks. */
  readonly makeTasks?: MakeTasks;
  /** Do something once and record its result: after a crash, the recorded result is returned. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Suspend without occupying a function. */
  wait(name: string, seconds: number): Promise<void>;
  /** Run the lanes of a fan-out; the result of `body` is recorded, so it must be small. */
  lanes<T>(name: string, numLanes: number, body: (lanes: Lanes) => Promise<T>): Promise<T>;
}
