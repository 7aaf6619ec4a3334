// What time decides: stragglers, deadlines, attempts that never started. Pure: state and time in, decision out.

import type { Failure } from './error-class.ts';
import { startsOf } from './starts.ts';
import { type EndReason, type FanOutState, inFlightOf, isSettled, type TaskState } from './state.ts';

/** What a look found. It is remembered, so that a replay acts the same whatever it sees by then. */
export interface Decision {
  /** Second attempts to start. */
  speculate: { task: number; attempt: number }[];
  /** Tasks to give up. */
  failed: { task: number; error: Failure }[];
  end?: EndReason;
}

/** Tasks that must have started, and their share that must be done, before one can be called slow. Source: cubed. */
export const STRAGGLER_TASKS = 10;
const STRAGGLER_SHARE = 0.5;
/** Looks come rarer as time goes on: a long fan-out costs few operations. */
export const LOOK_SHARE = 0.1;

/** @returns nothing when there is nothing to do */
export function poll(state: FanOutState, atMs: number, isAborted = false): Decision | undefined {
  const { deadlineMs } = state.options;
  if (isAborted) return { speculate: [], failed: [], end: 'aborted' };
  if (deadlineMs !== null && atMs - state.startedAtMs >= deadlineMs)
    return { speculate: [], failed: [], end: 'deadline' };
  const failed = state.tasks.flatMap((task, i) => {
    const error = isSettled(task) || task.attempts.length === 0 ? undefined : overdue(state, task, atMs);
    return error ? [{ task: i, error }] : [];
  });
  const given = new Set(failed.map(({ task }) => task));
  const speculate = findStragglers(state, atMs).filter(({ task }) => !given.has(task));
  return failed.length + speculate.length > 0 ? { speculate, failed } : undefined;
}

/** Milliseconds until the next look can find something; undefined when none ever will. */
export function nextPollMs({ options, tasks, startedAtMs }: FanOutState, atMs: number): number | undefined {
  const elapsedMs = Math.max(0, atMs - startedAtMs);
  const regularMs = Math.max(options.lookEveryMs, LOOK_SHARE * elapsedMs);
  const after: number[] = [];
  if (options.speculate && tasks.length >= STRAGGLER_TASKS) after.push(regularMs);
  if (options.deadlineMs !== null) after.push(Math.max(options.lookEveryMs, options.deadlineMs - elapsedMs));
  const boundMs = startBoundMs(options);
  for (const limitMs of [options.taskDeadlineMs, boundMs]) {
    // the first attempts reach it first; later ones are found by the looks that follow
    if (limitMs !== null) after.push(elapsedMs < limitMs ? limitMs - elapsedMs : regularMs);
  }
  return after.length > 0 ? Math.min(...after) : undefined;
}

/**
 * Tasks that have run more than `stragglerFactor` times the time within which half of those started were done. One that
 * may still wait for a sandbox does not run. Each gets one second attempt at most.
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
  const slowMs = Math.max(options.lookEveryMs, options.stragglerFactor * halfMs);
  const starts = startsOf(state, atMs);
  return tasks.flatMap((task, i) => {
    const [attempt, ...others] = inFlightOf(task);
    if (isSettled(task) || !attempt || others.length > 0) return [];
    if (task.attempts.some(({ isSpeculative }) => isSpeculative)) return [];
    const startedAtMs = starts.get(attempt);
    if (startedAtMs === undefined || atMs - startedAtMs <= slowMs) return [];
    return [{ task: i, attempt: task.attempts.length + 1 }];
  });
}

function startBoundMs({ attemptTimeoutMs, startWithinMs }: FanOutState['options']): number | null {
  return attemptTimeoutMs === null ? null : attemptTimeoutMs + startWithinMs;
}

function overdue(state: FanOutState, task: TaskState, atMs: number): Failure | undefined {
  const { options, lastEndedAtMs } = state;
  const { taskDeadlineMs, attemptTimeoutMs, startWithinMs } = options;
  const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
  if (taskDeadlineMs !== null && atMs - task.attempts[0].startedAtMs >= taskDeadlineMs) {
    return { name: 'DeadlineError', message: `not done within the ${seconds(taskDeadlineMs)} that a task may take` };
  }
  const boundMs = startBoundMs(options);
  const [attempt] = inFlightOf(task);
  if (boundMs === null || !attempt) return undefined;
  // where others come and go it is in a queue, and will have its turn
  const quietMs = atMs - Math.max(attempt.startedAtMs, lastEndedAtMs);
  if (quietMs < boundMs) return undefined;
  return {
    name: 'NotStartedError',
    message:
      `no answer for ${seconds(quietMs)}: its function may run ${seconds(attemptTimeoutMs!)} and had ` +
      `${seconds(startWithinMs)} to start, so it never did; likely ${likelyCause(state)}`,
  };
}

function likelyCause({ tasks, attemptsEnded, numDone, inFlight }: FanOutState): string {
  const names = new Set(tasks.flatMap(({ attempts }) => attempts.map(({ error }) => error?.name)));
  if (names.has('ThrottledError')) return 'throttled: other attempts were; lower maxInFlight or raise the concurrency';
  if (numDone > 0)
    return `no place was free for it: ${inFlight} were in flight; lower maxInFlight or raise the concurrency`;
  if (attemptsEnded > 0) return 'a crash while the function loads: none of its attempts has succeeded; see its log';
  return 'the function has no places (reserved concurrency 0) or is missing rights: none of its attempts has ended';
}
