// Decisions that depend on time: stragglers, deadlines, attempts that never started. A pure function of state and time.

import type { Failure } from './error-class.ts';
import { inferStarts } from './start-times.ts';
import { type EndReason, type FanOutState, isSettled, listInFlight, type TaskState } from './state.ts';

/** The result of a poll. It is recorded, so that a replay acts the same whatever it would find later. */
export interface Decision {
  /** Speculative attempts to start. */
  speculate: { task: number; attempt: number }[];
  /** Tasks to fail. */
  failed: { task: number; error: Failure }[];
  end?: EndReason;
}

/** Tasks that must have started, and the share of them that must be done, before one counts as slow. Source: cubed. */
export const STRAGGLER_TASKS = 10;
const STRAGGLER_SHARE = 0.5;
/** Polls become rarer with time, so that a long fan-out costs few operations: a pause is this share of the time so far. */
export const POLL_SHARE = 0.1;

/** @returns undefined when there is nothing to do */
export function decide(state: FanOutState, atMs: number, isAborted = false): Decision | undefined {
  const { deadlineMs } = state.options;
  if (isAborted) return { speculate: [], failed: [], end: 'aborted' };
  if (deadlineMs !== null && atMs - state.startedAtMs >= deadlineMs)
    return { speculate: [], failed: [], end: 'deadline' };
  const failed = state.tasks.flatMap((task, i) => {
    const error = isSettled(task) || task.attempts.length === 0 ? undefined : checkOverdue(state, task, atMs);
    return error ? [{ task: i, error }] : [];
  });
  const given = new Set(failed.map(({ task }) => task));
  const speculate = findStragglers(state, atMs).filter(({ task }) => !given.has(task));
  return failed.length + speculate.length > 0 ? { speculate, failed } : undefined;
}

/** Milliseconds until the next poll can find something; undefined if none ever will. */
export function nextPollMs({ options, tasks, startedAtMs }: FanOutState, atMs: number): number | undefined {
  const elapsedMs = Math.max(0, atMs - startedAtMs);
  const regularMs = Math.max(options.pollIntervalMs, POLL_SHARE * elapsedMs);
  const after: number[] = [];
  if (options.speculate && tasks.length >= STRAGGLER_TASKS) after.push(regularMs);
  if (options.deadlineMs !== null) after.push(Math.max(options.pollIntervalMs, options.deadlineMs - elapsedMs));
  const boundMs = maxQuietMs(options);
  for (const limitMs of [options.taskDeadlineMs, boundMs]) {
    // the first attempts reach it first; later polls find the others
    if (limitMs !== null) after.push(elapsedMs < limitMs ? limitMs - elapsedMs : regularMs);
  }
  return after.length > 0 ? Math.min(...after) : undefined;
}

/**
 * Find tasks that have run longer than `stragglerFactor` times the time within which half of the started tasks were done. A
 * task that may still wait for a sandbox does not count. Each task gets at most one speculative attempt.
 */
function findStragglers(state: FanOutState, atMs: number): { task: number; attempt: number }[] {
  const { options, tasks } = state;
  if (!options.speculate) return [];
  const numStarted = tasks.filter(({ attempts }) => attempts.length > 0).length;
  const durations = tasks.flatMap(({ winner, attempts }) => {
    const won = winner === undefined ? undefined : attempts[winner - 1];
    return won ? [won.endedAtMs! - won.startedAtMs] : [];
  });
  if (numStarted < STRAGGLER_TASKS || durations.length < STRAGGLER_SHARE * numStarted) return [];
  durations.sort((a, b) => a - b);
  const halfMs = durations[Math.ceil(STRAGGLER_SHARE * numStarted) - 1];
  const slowMs = Math.max(options.pollIntervalMs, options.stragglerFactor * halfMs);
  const starts = inferStarts(state, atMs);
  return tasks.flatMap((task, i) => {
    const [attempt, ...others] = listInFlight(task);
    if (isSettled(task) || !attempt || others.length > 0) return [];
    if (task.attempts.some(({ isSpeculative }) => isSpeculative)) return [];
    const startedAtMs = starts.get(attempt);
    if (startedAtMs === undefined || atMs - startedAtMs <= slowMs) return [];
    return [{ task: i, attempt: task.attempts.length + 1 }];
  });
}

function maxQuietMs({ attemptTimeoutMs, startTimeoutMs }: FanOutState['options']): number | null {
  return attemptTimeoutMs === null ? null : attemptTimeoutMs + startTimeoutMs;
}

function checkOverdue(state: FanOutState, task: TaskState, atMs: number): Failure | undefined {
  const { options, lastEndedAtMs } = state;
  const { taskDeadlineMs, attemptTimeoutMs, startTimeoutMs } = options;
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
  if (taskDeadlineMs !== null && atMs - task.attempts[0].startedAtMs >= taskDeadlineMs) {
    return { name: 'DeadlineError', message: `not done within taskDeadlineMs, ${seconds(taskDeadlineMs)}` };
  }
  const boundMs = maxQuietMs(options);
  const [attempt] = listInFlight(task);
  if (boundMs === null || !attempt) return undefined;
  // while other attempts end, it is in a queue and will have its turn
  const quietMs = atMs - Math.max(attempt.startedAtMs, lastEndedAtMs);
  if (quietMs < boundMs) return undefined;
  return {
    name: 'NotStartedError',
    message:
      `no result for ${seconds(quietMs)}: its function may run ${seconds(attemptTimeoutMs!)} and had ` +
      `${seconds(startTimeoutMs)} to start, so it never started; likely ${likelyCause(state)}`,
  };
}

function likelyCause({ tasks, attemptsEnded, numDone, inFlight }: FanOutState): string {
  const names = new Set(tasks.flatMap(({ attempts }) => attempts.map(({ error }) => error?.name)));
  if (names.has('ThrottledError')) return 'throttled: other attempts were; lower maxInFlight or raise the concurrency';
  if (numDone > 0)
    return `no concurrency was free for it: ${inFlight} were in flight; lower maxInFlight or raise the concurrency`;
  if (attemptsEnded > 0) return 'a crash while the function loads: none of its attempts succeeded; see its log';
  return 'the function has reserved concurrency 0 or lacks permissions: none of its attempts has ended';
}
