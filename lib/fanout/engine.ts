// What a fan-out asks of whatever runs it. Everything that is not deterministic happens behind this interface.

import type { Failure } from './error-class.ts';
import type { TasksOf } from './task-source.ts';

/** How one invocation ended, and when, in milliseconds since 1970: the same after a replay. */
export type Outcome<Result> = { startedAtMs: number; endedAtMs: number } & (
  | { ok: true; result: Result }
  | { ok: false; error: Failure }
);

/** The invocations of one fan-out. Each task has a lane, in which its attempts follow each other. */
export interface Lanes {
  /** When the fan-out began, in milliseconds since 1970: the same after a replay. */
  readonly startedAtMs: number;
  /**
   * Invoke a function. The n-th call for a lane is the same invocation after a replay, whatever led to it.
   *
   * @param pause before it is invoked: at most so many seconds, or until `hurry` settles
   * @param onEnded told once; never when the fan-out is over before
   */
  invoke<Payload, Result>(
    lane: number,
    functionName: string,
    payload: Payload,
    pause: { seconds: number; hurry: Promise<void> } | undefined,
    onEnded: (outcome: Outcome<Result>) => void,
  ): void;
  /** When the latest attempt of a lane started, if that is known. */
  startOf(lane: number): number | undefined;
  /**
   * Look again and again, until the fan-out is over. What a look gives is remembered.
   *
   * @param pauseSeconds from now to the next look, given the time of the last; undefined ends the looks
   * @param look what to remember; undefined when there is nothing
   * @param onFound told what was found, now or before a replay
   */
  watch<Found>(
    pauseSeconds: (atMs: number) => number | undefined,
    look: (atMs: number) => Promise<Found | undefined>,
    onFound: (found: Found, atMs: number) => void,
  ): void;
}

export interface Engine {
  /** Durable operations so far: what AWS bills an execution by. */
  readonly operations: number;
  /** The qualified name of the function that is invoked with a part of a large fan-out; none where there is none. */
  readonly self?: string;
  /** Makes tasks of a source; none where fan-outs are given their tasks only. */
  readonly tasksOf?: TasksOf;
  /** Do something once and remember what it gave: after a crash, the remembered value is given again. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Suspend without occupying anything. */
  wait(name: string, seconds: number): Promise<void>;
  /** Run the lanes of a fan-out; the result of `body` is recorded, so it must be small. */
  lanes<T>(name: string, numLanes: number, body: (lanes: Lanes) => Promise<T>): Promise<T>;
}
