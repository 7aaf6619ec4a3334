// Drives the policy of a fan-out by hand, for its tests.

import type { Failure } from '../../../lib/fanout/error-class.ts';
import { type FanOutOptions, resolveOptions } from '../../../lib/fanout/options.ts';
import { type FanOutCommand, type FanOutEvent, step } from '../../../lib/fanout/policy.ts';
import { createState, type FanOutState } from '../../../lib/fanout/state.ts';

export const CRASH: Failure = { name: 'CrashError', message: 'Runtime exited with error: exit status 1' };
export const KILLED: Failure = { name: 'CrashError', message: 'Runtime exited with error: signal: killed' };
export const INPUT: Failure = { name: 'InputError', message: 'no such column' };
export const MEMORY: Failure = { name: 'OutOfMemoryError', message: 'killed' };
export const CANCELLED: Failure = { name: 'CancelledError', message: 'run r was cancelled' };

export function start(numTasks: number, options: FanOutOptions = {}, memorySizesMiB?: number[]) {
  const ids = Array.from({ length: numTasks }, (_, i) => `t${i}`);
  const state = createState(ids, resolveOptions(options), memorySizesMiB);
  return { state, commands: step(state, { type: 'start', atMs: 0 }) };
}

export const ok = (task: number, atMs: number, attempt = 1): FanOutEvent => ({
  type: 'succeeded',
  task,
  attempt,
  atMs,
});
export const failed = (task: number, error: Failure, atMs = 0, attempt = 1): FanOutEvent => ({
  type: 'failed',
  task,
  attempt,
  atMs,
  error,
});
/** Task and attempt of each requested invocation. */
export const invoked = (commands: FanOutCommand[]) =>
  commands.flatMap((command) => (command.type === 'invoke' ? [[command.task, command.attempt]] : []));
export const ends = (commands: FanOutCommand[]) =>
  commands.flatMap((command) => (command.type === 'end' ? [command.reason] : []));

/** Poll, and record the decision like an engine. */
export function tick(state: FanOutState, atMs: number): FanOutCommand[] {
  const [command] = step(state, { type: 'tick', atMs });
  return command?.type === 'decide' ? step(state, { type: 'decided', decision: command.decision, atMs }) : [];
}
