// Decides what a fan-out does about each event: a state machine without clock, network or promises.
//
// A task:      queued ──invoke──▶ running ──succeeded──▶ done
//                                 │  ▲
//                          failed │  │ invoke: a retry after a pause, or the next memory size at once
//                                 ▼  │
//                                 running, or failed: a final error, no attempts left, or no larger memory size
// The fan-out: started ──▶ running ──▶ ended (allDone, enoughDone, tooManyFailed, breakerOpen, aborted, deadline)

import { backoffMs } from './backoff.ts';
import { classify, type Failure } from './error-class.ts';
import { type Decision, decide } from './polling.ts';
import { type EndReason, type FanOutState, isSettled, listInFlight, type TaskState } from './state.ts';

/** An event. Tasks are identified by their index, attempts are counted from 1. */
export type FanOutEvent = { atMs: number } & (
  | { type: 'start' }
  /** An attempt started at this time. */
  | { type: 'started'; task: number; attempt: number }
  | { type: 'succeeded'; task: number; attempt: number; startedAtMs?: number }
  | { type: 'failed'; task: number; attempt: number; startedAtMs?: number; error: Failure }
  /** Time has passed. */
  | { type: 'tick'; isAborted?: boolean }
  /** The decision of a `decide` command, now recorded. */
  | { type: 'decided'; decision: Decision }
);

export type FanOutCommand =
  /** Invoke the function in a memory size. Issuing an attempt again with a pause of 0 ends its pause. */
  | { type: 'invoke'; task: number; attempt: number; sizeIndex: number; afterMs: number }
  /** Record the decision and return it as an event. */
  | { type: 'decide'; decision: Decision }
  | { type: 'end'; reason: EndReason };

/**
 * Decide what to do about one event, and change the state. Each task gets its attempts in order. An event that comes late,
 * twice or after the end only updates the record of its attempt.
 */
export function step(state: FanOutState, event: FanOutEvent): FanOutCommand[] {
  switch (event.type) {
    case 'start':
      state.startedAtMs = event.atMs;
      state.lastEndedAtMs = event.atMs;
      return advance(state, event.atMs);
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
      const decision = decide(state, event.atMs, event.isAborted);
      return decision ? [{ type: 'decide', decision }] : [];
    }
    case 'decided':
      return state.ended ? [] : onDecided(state, event.decision, event.atMs);
  }
}

function onEnded(state: FanOutState, event: FanOutEvent & { type: 'succeeded' | 'failed' }): FanOutCommand[] {
  const task = state.tasks[event.task];
  const attempt = task.attempts[event.attempt - 1];
  if (!attempt || attempt.endedAtMs !== undefined) return []; // a repeated event
  attempt.startedAtMs = event.startedAtMs ?? Math.min(attempt.startedAtMs, event.atMs);
  attempt.endedAtMs = event.atMs;
  if (event.type === 'failed') attempt.error = event.error;
  state.lastEndedAtMs = Math.max(state.lastEndedAtMs, event.atMs);
  // after the end, or after its twin has won, nothing depends on it
  if (state.ended || isSettled(task)) return [];
  state.inFlight--;
  state.attemptsEnded++;
  if (event.type === 'succeeded') {
    task.winner = event.attempt;
    settle(state, task, 'done');
    return advance(state, event.atMs);
  }
  return onFailed(state, event, task);
}

function onFailed(state: FanOutState, event: FanOutEvent & { type: 'failed' }, task: TaskState): FanOutCommand[] {
  const { options } = state;
  const errorClass = classify(event.error);
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
  if (listInFlight(task).length > 0) return advance(state, event.atMs);

  const final = task.attempts.find(({ error }) => error && classify(error) === 'final')?.error;
  if (final) return fail(state, task, final, event.atMs);
  const inSize = task.attempts.filter(({ sizeIndex }) => sizeIndex === task.sizeIndex);
  const isMemory = inSize.some(({ error }) => error && classify(error) === 'memory');
  // killed twice: probably out of memory
  const isLikelyMemory =
    task.kills > 1 && task.sizeIndex + 1 < state.memorySizesMiB.length && task.failures < options.maxAttempts;
  if (isMemory || isLikelyMemory) return moveUp(state, event.task, event.error, event.atMs);
  if (task.failures >= options.maxAttempts) return fail(state, task, event.error, event.atMs);
  const attemptNumber = task.attempts.length + 1;
  return [
    invoke(state, event.task, event.atMs, { afterMs: backoffMs(options, task.taskId, attemptNumber) }),
    ...advance(state, event.atMs),
  ];
}

/** Run the same task in the next memory size, if there is one. */
function moveUp(state: FanOutState, index: number, last: Failure, atMs: number): FanOutCommand[] {
  const task = state.tasks[index];
  const limitMiB = state.memorySizesMiB[task.sizeIndex] ?? null;
  if (task.sizeIndex + 1 >= state.memorySizesMiB.length) {
    const limit = limitMiB === null ? 'its function has' : `the ${limitMiB} MiB of the largest function`;
    const message = `needed more memory than ${limit}; make its work smaller, or deploy a larger memory size (${last.message})`;
    return fail(state, task, { ...last, name: 'OutOfMemoryError', message }, atMs);
  }
  task.sizeIndex++;
  task.kills = 0;
  return [invoke(state, index, atMs), ...advance(state, atMs)];
}

function onDecided(state: FanOutState, { speculate, failed, end: reason }: Decision, atMs: number): FanOutCommand[] {
  if (reason) return end(state, reason, atMs);
  const commands: FanOutCommand[] = [];
  for (const { task: index, attempt } of speculate) {
    const task = state.tasks[index];
    if (isSettled(task) || attempt > task.attempts.length + 1) continue;
    if (attempt === task.attempts.length + 1) {
      commands.push(invoke(state, index, atMs, { isSpeculative: true }));
      continue;
    }
    // a replay that saw the first attempt fail has started this one as a retry
    const begun = task.attempts[attempt - 1];
    if (begun.isSpeculative) continue;
    begun.isSpeculative = true;
    if (begun.endedAtMs === undefined)
      commands.push({ type: 'invoke', task: index, attempt, sizeIndex: begun.sizeIndex, afterMs: 0 });
    else if (begun.error) task.failures--;
  }
  for (const { task: index, error } of failed) {
    const task = state.tasks[index];
    if (isSettled(task)) continue;
    task.error = error;
    settle(state, task, 'failed');
  }
  return [...commands, ...advance(state, atMs)];
}

function fail(state: FanOutState, task: TaskState, error: Failure, atMs: number): FanOutCommand[] {
  task.error = error;
  settle(state, task, 'failed');
  return advance(state, atMs);
}

/** Settle a task. Attempts still in flight are abandoned, and their slots become free. */
function settle(state: FanOutState, task: TaskState, how: 'done' | 'failed'): void {
  state.inFlight -= listInFlight(task).length;
  task.state = how;
  if (how === 'done') state.numDone++;
  else state.numFailed++;
}

/** End the fan-out, or start tasks in free slots. */
function advance(state: FanOutState, atMs: number): FanOutCommand[] {
  if (state.ended) return [];
  const { tasks, numDone, numFailed, toleratedFailures: tolerated, options } = state;
  const isTooMany = numFailed > tolerated;
  if (isTooMany && options.failFast) return end(state, 'tooManyFailed', atMs);
  if (numDone + numFailed === tasks.length) return end(state, isTooMany ? 'tooManyFailed' : 'allDone', atMs);
  if (options.minSuccessful !== null && numDone >= state.minSuccessful) return end(state, 'enoughDone', atMs);
  const commands: FanOutCommand[] = [];
  while (state.inFlight < options.maxInFlight && state.nextTask < tasks.length) {
    commands.push(invoke(state, state.nextTask++, atMs));
  }
  return commands;
}

function invoke(
  state: FanOutState,
  index: number,
  atMs: number,
  { afterMs = 0, isSpeculative = false }: { afterMs?: number; isSpeculative?: boolean } = {},
): FanOutCommand {
  const task = state.tasks[index];
  const { sizeIndex } = task;
  task.attempts.push({ startedAtMs: atMs + afterMs, sizeIndex, isSpeculative });
  task.state = 'running';
  state.inFlight++;
  return { type: 'invoke', task: index, attempt: task.attempts.length, sizeIndex, afterMs };
}

function end(state: FanOutState, reason: EndReason, atMs: number): FanOutCommand[] {
  state.ended = { reason, atMs };
  return [{ type: 'end', reason }];
}
