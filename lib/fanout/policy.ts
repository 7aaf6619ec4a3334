// Decides what a fan-out does about each event. No clock, no network, no promises.

import { backoffMs } from './backoff.ts';
import { classOf, type Failure } from './error-class.ts';
import { type Decision, poll } from './looks.ts';
import { type EndReason, type FanOutState, inFlightOf, isSettled, type TaskState } from './state.ts';

/** What happened. Tasks are named by their position, attempts are counted from 1. */
export type FanOutEvent = { atMs: number } & (
  | { type: 'start' }
  /** An attempt is known to have started then. */
  | { type: 'started'; task: number; attempt: number }
  | { type: 'succeeded'; task: number; attempt: number; startedAtMs?: number }
  | { type: 'failed'; task: number; attempt: number; startedAtMs?: number; error: Failure }
  /** Time has passed. */
  | { type: 'tick'; isAborted?: boolean }
  /** What a `decide` command told, now remembered. */
  | { type: 'decided'; decision: Decision }
);

export type FanOutCommand =
  /** Invoke the function of a tier. An attempt that is issued again with a pause of 0 stops waiting. */
  | { type: 'invoke'; task: number; attempt: number; tier: number; afterMs: number }
  /** Remember the decision and give it back as an event. */
  | { type: 'decide'; decision: Decision }
  | { type: 'end'; reason: EndReason };

/**
 * Decide what to do about one event, and change the state. Every task is given its attempts in order; an event that comes
 * late, twice or after the end changes nothing but what is known of its attempt.
 */
export function step(state: FanOutState, event: FanOutEvent): FanOutCommand[] {
  switch (event.type) {
    case 'start':
      state.startedAtMs = event.atMs;
      state.lastEndedAtMs = event.atMs;
      return goOn(state, event.atMs);
    case 'started': {
      const attempt = state.tasks[event.task].attempts[event.attempt - 1];
      if (attempt?.endedAtMs === undefined && attempt) attempt.startedAtMs = event.atMs;
      return [];
    }
    case 'succeeded':
    case 'failed':
      return onEnded(state, event);
    case 'tick': {
      if (state.ended) return [];
      const decision = poll(state, event.atMs, event.isAborted);
      return decision ? [{ type: 'decide', decision }] : [];
    }
    case 'decided':
      return state.ended ? [] : onDecided(state, event.decision, event.atMs);
  }
}

function onEnded(state: FanOutState, event: FanOutEvent & { type: 'succeeded' | 'failed' }): FanOutCommand[] {
  const task = state.tasks[event.task];
  const attempt = task.attempts[event.attempt - 1];
  if (!attempt || attempt.endedAtMs !== undefined) return []; // told before
  attempt.startedAtMs = event.startedAtMs ?? Math.min(attempt.startedAtMs, event.atMs);
  attempt.endedAtMs = event.atMs;
  if (event.type === 'failed') attempt.error = event.error;
  state.lastEndedAtMs = Math.max(state.lastEndedAtMs, event.atMs);
  // after the end, or once its twin was the first, nothing depends on it
  if (state.ended || isSettled(task)) return [];
  state.inFlight--;
  state.attemptsEnded++;
  if (event.type === 'succeeded') {
    task.winner = event.attempt;
    settle(state, task, 'done');
    return goOn(state, event.atMs);
  }
  return onFailed(state, event, task);
}

function onFailed(state: FanOutState, event: FanOutEvent & { type: 'failed' }, task: TaskState): FanOutCommand[] {
  const { options } = state;
  const errorClass = classOf(event.error);
  if (errorClass === 'aborted') return end(state, 'aborted', event.atMs);
  const attempt = task.attempts[event.attempt - 1];
  if (errorClass !== 'memory') state.attemptsFailed++;
  if (errorClass === 'killed') task.kills++;
  if (!attempt.isSpeculative && errorClass !== 'memory') task.failures++;
  const { attemptsEnded, attemptsFailed } = state;
  if (attemptsEnded >= options.breakerAttempts && attemptsFailed > options.breakerRate * attemptsEnded) {
    return end(state, 'breakerOpen', event.atMs);
  }
  // its twin may still succeed
  if (inFlightOf(task).length > 0) return goOn(state, event.atMs);

  const final = task.attempts.find(({ error }) => error && classOf(error) === 'final')?.error;
  if (final) return fail(state, task, final, event.atMs);
  const ofTier = task.attempts.filter(({ tier }) => tier === task.tier);
  const isMemory = ofTier.some(({ error }) => error && classOf(error) === 'memory');
  // killed twice: its memory, as far as can be told
  const isLikelyMemory = task.kills > 1 && task.tier + 1 < state.tiersMiB.length && task.failures < options.maxAttempts;
  if (isMemory || isLikelyMemory) return moveUp(state, event.task, event.error, event.atMs);
  if (task.failures >= options.maxAttempts) return fail(state, task, event.error, event.atMs);
  const attemptNumber = task.attempts.length + 1;
  return [
    invoke(state, event.task, event.atMs, backoffMs(options, task.taskId, attemptNumber)),
    ...goOn(state, event.atMs),
  ];
}

/** The same task in a function with more memory, if there is one. */
function moveUp(state: FanOutState, index: number, last: Failure, atMs: number): FanOutCommand[] {
  const task = state.tasks[index];
  const limitMiB = state.tiersMiB[task.tier] ?? null;
  if (task.tier + 1 >= state.tiersMiB.length) {
    const limit = limitMiB === null ? 'its function has' : `the ${limitMiB} MiB of the largest function`;
    const message = `needed more memory than ${limit}; make its work smaller, or deploy a larger size (${last.message})`;
    return fail(state, task, { ...last, name: 'OutOfMemoryError', message }, atMs);
  }
  task.tier++;
  task.kills = 0;
  return [invoke(state, index, atMs, 0), ...goOn(state, atMs)];
}

function onDecided(state: FanOutState, { speculate, failed, end: reason }: Decision, atMs: number): FanOutCommand[] {
  if (reason) return end(state, reason, atMs);
  const commands: FanOutCommand[] = [];
  for (const { task: index, attempt } of speculate) {
    const task = state.tasks[index];
    if (isSettled(task) || attempt > task.attempts.length + 1) continue;
    if (attempt === task.attempts.length + 1) {
      commands.push(invoke(state, index, atMs, 0, true));
      continue;
    }
    // a replay that saw the first attempt fail has begun this one as a retry
    const begun = task.attempts[attempt - 1];
    if (begun.isSpeculative) continue;
    begun.isSpeculative = true;
    if (begun.endedAtMs === undefined)
      commands.push({ type: 'invoke', task: index, attempt, tier: begun.tier, afterMs: 0 });
    else if (begun.error) task.failures--;
  }
  for (const { task: index, error } of failed) {
    const task = state.tasks[index];
    if (isSettled(task)) continue;
    task.error = error;
    settle(state, task, 'failed');
  }
  return [...commands, ...goOn(state, atMs)];
}

function fail(state: FanOutState, task: TaskState, error: Failure, atMs: number): FanOutCommand[] {
  task.error = error;
  settle(state, task, 'failed');
  return goOn(state, atMs);
}

/** The places of attempts that are still in flight are given to others: nobody waits for them. */
function settle(state: FanOutState, task: TaskState, how: 'done' | 'failed'): void {
  state.inFlight -= inFlightOf(task).length;
  task.state = how;
  if (how === 'done') state.numDone++;
  else state.numFailed++;
}

/** End, or start what there is room for. */
function goOn(state: FanOutState, atMs: number): FanOutCommand[] {
  if (state.ended) return [];
  const { tasks, numDone, numFailed, tolerated, options } = state;
  const isTooMany = numFailed > tolerated;
  if (isTooMany && options.failFast) return end(state, 'tooManyFailed', atMs);
  if (numDone + numFailed === tasks.length) return end(state, isTooMany ? 'tooManyFailed' : 'allDone', atMs);
  if (options.enough !== null && numDone >= state.enough) return end(state, 'enoughDone', atMs);
  const commands: FanOutCommand[] = [];
  while (state.inFlight < options.maxInFlight && state.next < tasks.length) {
    commands.push(invoke(state, state.next++, atMs, 0));
  }
  return commands;
}

function invoke(
  state: FanOutState,
  index: number,
  atMs: number,
  afterMs: number,
  isSpeculative = false,
): FanOutCommand {
  const task = state.tasks[index];
  const { tier } = task;
  task.attempts.push({ startedAtMs: atMs + afterMs, tier, isSpeculative });
  task.state = 'running';
  state.inFlight++;
  return { type: 'invoke', task: index, attempt: task.attempts.length, tier, afterMs };
}

function end(state: FanOutState, reason: EndReason, atMs: number): FanOutCommand[] {
  state.ended = { reason, atMs };
  return [{ type: 'end', reason }];
}
