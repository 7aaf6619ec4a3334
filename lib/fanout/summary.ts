// The summary of a fan-out: counts, failed tasks and the times of all attempts.

import type { Failure } from './error-class.ts';
import type { FanOutState } from './state.ts';

/** Counts of a fan-out, for the report. */
export interface FanOutCounts {
  /** tasks of the fan-out */
  tasks: number;
  /** tasks that an earlier execution had finished */
  reused: number;
  done: number;
  failed: number;
  /** invocations */
  attempts: number;
  /** invocations after a failed one of the same task */
  retried: number;
  /** speculative invocations of slow tasks */
  speculative: number;
  throttled: number;
  timedOut: number;
  outOfMemory: number;
  /** tasks that moved to a function with more memory */
  movedUp: number;
  crashed: number;
  /** tasks that never started */
  notStarted: number;
  /** invocations whose result was ignored: a twin was first, or the fan-out had ended */
  abandoned: number;
}

export const NO_COUNTS: FanOutCounts = {
  tasks: 0,
  reused: 0,
  done: 0,
  failed: 0,
  attempts: 0,
  retried: 0,
  speculative: 0,
  throttled: 0,
  timedOut: 0,
  outOfMemory: 0,
  movedUp: 0,
  crashed: 0,
  notStarted: 0,
  abandoned: 0,
};

export function addCounts(a: FanOutCounts, b: FanOutCounts): FanOutCounts {
  const names = Object.keys(NO_COUNTS) as (keyof FanOutCounts)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as FanOutCounts;
}

/** A failed task; if the breaker opened, also a task with a failed attempt that was not done. */
export interface FailedTask {
  taskId: string;
  attempts: number;
  error: Failure;
  /** Errors of all its attempts, in order; null for an abandoned attempt. */
  errors: (Failure | null)[];
}

/**
 * An attempt: index of its task, its number, the times of request and result, in milliseconds since the start of the
 * fan-out; the end is null for an abandoned attempt.
 */
export type TimelineEntry = [task: number, attempt: number, startMs: number, endMs: number | null];

export interface Summary {
  counts: FanOutCounts;
  failed: FailedTask[];
  timeline: TimelineEntry[];
}

export function summarize({ tasks, startedAtMs, ended }: FanOutState): Summary {
  const counts = { ...NO_COUNTS, tasks: tasks.length };
  const failed: FailedTask[] = [];
  const stopped: FailedTask[] = [];
  const timeline: TimelineEntry[] = [];
  for (const [i, task] of tasks.entries()) {
    // an attempt that was still pausing at the end was never invoked
    const attempts = task.attempts.filter(
      (attempt) => !ended || attempt.endedAtMs !== undefined || attempt.startedAtMs <= ended.atMs,
    );
    const speculative = attempts.filter(({ isSpeculative }) => isSpeculative).length;
    counts.attempts += attempts.length;
    counts.speculative += speculative;
    counts.retried += Math.max(0, attempts.length - 1 - speculative);
    if (task.sizeIndex > 0) counts.movedUp++;
    for (const [k, { startedAtMs: startMs, endedAtMs, error }] of attempts.entries()) {
      if (endedAtMs === undefined) counts.abandoned++;
      if (error?.name === 'ThrottledError') counts.throttled++;
      if (error?.name === 'TimeoutError') counts.timedOut++;
      if (error?.name === 'OutOfMemoryError') counts.outOfMemory++;
      if (error?.name === 'CrashError') counts.crashed++;
      timeline.push([i, k + 1, startMs - startedAtMs, endedAtMs === undefined ? null : endedAtMs - startedAtMs]);
    }
    if (task.state === 'done') counts.done++;
    const errors = attempts.map((attempt) => attempt.error ?? null);
    const { taskId } = task;
    if (task.state === 'failed') {
      counts.failed++;
      const error = task.error!;
      if (error.name === 'NotStartedError') counts.notStarted++;
      failed.push({ taskId, attempts: attempts.length, error, errors });
    } else if (ended?.reason === 'breakerOpen' && task.state !== 'done') {
      const error = errors.findLast((one) => one !== null);
      if (error) stopped.push({ taskId, attempts: attempts.length, error, errors });
    }
  }
  return { counts, failed: [...failed, ...stopped], timeline };
}

/** The smallest value that is not below a share of the numbers; 0 for an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
