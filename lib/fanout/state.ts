// What a fan-out knows of itself. Changed by policy.ts alone.

import type { Failure } from './error-class.ts';
import { type ResolvedOptions, toCount } from './options.ts';

/** Why a fan-out ended. */
export type EndReason = 'allDone' | 'enoughDone' | 'tooManyFailed' | 'breakerOpen' | 'aborted' | 'deadline';

export interface Attempt {
  /** As far as is known: the time of its request, until its start is reported. */
  startedAtMs: number;
  /** None while it is in flight, or when nobody waited for it. */
  endedAtMs?: number;
  /** Position of the function that ran it, the smallest first. */
  tier: number;
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
  /** Failures of the current tier that were a kill without a reason. */
  kills: number;
  tier: number;
  /** The attempt whose answer counts. */
  winner?: number;
  /** Why it failed for good. */
  error?: Failure;
}

export interface FanOutState {
  readonly options: ResolvedOptions;
  /** Memory of each deployed size of the function, in MiB, the smallest first; null where it is not known. */
  readonly tiersMiB: readonly (number | null)[];
  readonly tasks: TaskState[];
  /** Tasks that may fail, and that are enough. */
  readonly tolerated: number;
  readonly enough: number;
  /** The next task in the order of tasks that was never started. */
  next: number;
  inFlight: number;
  numDone: number;
  numFailed: number;
  /** Attempts that ended, and of these the failed ones that speak against going on. */
  attemptsEnded: number;
  attemptsFailed: number;
  startedAtMs: number;
  /** When an attempt last ended. */
  lastEndedAtMs: number;
  ended?: { reason: EndReason; atMs: number };
}

/** @param tiersMiB memory of each size of the function, the smallest first */
export function createState(
  taskIds: readonly string[],
  options: ResolvedOptions,
  tiersMiB: readonly (number | null)[] = [null],
): FanOutState {
  const numTasks = taskIds.length;
  return {
    options,
    tiersMiB,
    tasks: taskIds.map((taskId) => ({ taskId, state: 'queued', attempts: [], failures: 0, kills: 0, tier: 0 })),
    tolerated: toCount(options.toleratedFailures, numTasks, Math.floor),
    enough: options.enough === null ? numTasks : Math.min(numTasks, toCount(options.enough, numTasks, Math.ceil)),
    next: 0,
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

/** Attempts of a task that nobody has heard of since. */
export function inFlightOf({ attempts }: TaskState): Attempt[] {
  return attempts.filter(({ endedAtMs }) => endedAtMs === undefined);
}
