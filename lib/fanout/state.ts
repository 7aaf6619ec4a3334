// The state of a fan-out. Only policy.ts changes it.

import type { Failure } from './error-class.ts';
import { type ResolvedOptions, toCount } from './options.ts';

/** Why a fan-out ended. */
export type EndReason = 'allDone' | 'enoughDone' | 'tooManyFailed' | 'breakerOpen' | 'aborted' | 'deadline';

export interface Attempt {
  /** Time of its request, until its start is known. */
  startedAtMs: number;
  /** Undefined while it is in flight, and for an abandoned attempt. */
  endedAtMs?: number;
  /** Index of its memory size. */
  sizeIndex: number;
  isSpeculative: boolean;
  error?: Failure;
}

export interface TaskState {
  taskId: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  /** The first is attempt 1. */
  attempts: Attempt[];
  /** Failures that count against `maxAttempts`. */
  failures: number;
  /** Kills without a reason in the current memory size. */
  kills: number;
  sizeIndex: number;
  /** Number of the attempt whose result counts. */
  winner?: number;
  /** Its final error. */
  error?: Failure;
}

export interface FanOutState {
  readonly options: ResolvedOptions;
  /** Deployed memory sizes of the function, in MiB, ascending; null when unknown. */
  readonly memorySizesMiB: readonly (number | null)[];
  readonly tasks: TaskState[];
  /** Numbers of tasks that may fail, and that must succeed. */
  readonly toleratedFailures: number;
  readonly minSuccessful: number;
  /** Index of the next task to start. */
  nextTask: number;
  inFlight: number;
  numDone: number;
  numFailed: number;
  /** Attempts that ended, and the failed ones among them that count for the breaker. */
  attemptsEnded: number;
  attemptsFailed: number;
  startedAtMs: number;
  /** Time at which the last attempt ended. */
  lastEndedAtMs: number;
  ended?: { reason: EndReason; atMs: number };
}

/** @param memorySizesMiB memory sizes of the function, ascending */
export function createState(
  taskIds: readonly string[],
  options: ResolvedOptions,
  memorySizesMiB: readonly (number | null)[] = [null],
): FanOutState {
  const numTasks = taskIds.length;
  return {
    options,
    memorySizesMiB,
    tasks: taskIds.map((taskId) => ({ taskId, state: 'queued', attempts: [], failures: 0, kills: 0, sizeIndex: 0 })),
    toleratedFailures: toCount(options.toleratedFailures, numTasks, Math.floor),
    minSuccessful:
      options.minSuccessful === null
        ? numTasks
        : Math.min(numTasks, toCount(options.minSuccessful, numTasks, Math.ceil)),
    nextTask: 0,
    inFlight: 0,
    numDone: 0,
    numFailed: 0,
    attemptsEnded: 0,
    attemptsFailed: 0,
    startedAtMs: 0,
    lastEndedAtMs: 0,
  };
}

export function isSettled({ state }: TaskState): boolean {
  return state === 'done' || state === 'failed';
}

/** List the attempts of a task that have not ended. */
export function listInFlight({ attempts }: TaskState): Attempt[] {
  return attempts.filter(({ endedAtMs }) => endedAtMs === undefined);
}
