// Drives one fan-out in one execution: feeds what happens to the policy, and performs what it asks for.

import type { Engine, Lanes } from './engine.ts';
import { logPlace } from './log-tail.ts';
import { nextPollMs } from './looks.ts';
import type { ResolvedOptions } from './options.ts';
import { type FanOutCommand, type FanOutEvent, step } from './policy.ts';
import { createState, type EndReason, inFlightOf, isSettled } from './state.ts';
import { type Summary, summarize } from './summary.ts';
import { isSource, makeTasks, numTasksOf, type Task, type Tasks } from './task-source.ts';

/** A function in its deployed sizes. */
export interface WorkerSize {
  functionName: string;
  /** Memory in MiB, for messages; left out where it is not known. */
  memoryMiB?: number;
}

/** What came of a fan-out, or of a part of it. */
export interface LanesResult<Result> extends Summary {
  reason: EndReason;
  startedAtMs: number;
  endedAtMs: number;
  /** In task order, null of a task that is not done; empty when only sums are kept. */
  results: (Result | null)[];
  /** Numbers of the results, added up by field in task order; null when the results are kept. */
  sums: Record<string, number> | null;
  /** Attempts that ended, and the failed ones among them that speak against going on: what the breaker goes by. */
  attemptsEnded: number;
  attemptsFailed: number;
  /** Where the breaker opened, the tasks by position that are neither done nor failed; none otherwise. */
  rest: number[];
}

export interface FanOutHooks {
  /** Asked every few seconds: true ends the fan-out as `aborted`. */
  isAborted?: () => Promise<boolean>;
  /** When the whole is over of which this is a part, in milliseconds since 1970: in place of `deadlineMs`. */
  endsAtMs?: number;
  /** Told how many tasks are done, whenever one more is. */
  onProgress?: (numDone: number) => void;
  /** Told each result that counts, once; a reason ends the fan-out. @param numUnderWay tasks that are in flight still */
  judge?: (result: unknown, numUnderWay: number) => EndReason | undefined;
}

/** @param sizes of the function, the smallest first */
export function runLanes<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  sizes: readonly WorkerSize[],
  options: ResolvedOptions,
  hooks: FanOutHooks = {},
): Promise<LanesResult<Result>> {
  const numTasks = numTasksOf(tasks);
  return engine.lanes(name, numTasks, async (lanes) => {
    // the lanes are open by now: their place among the operations does not depend on how long this takes
    const made = isSource(tasks) ? await makeTasks<Payload>(engine.tasksOf, name, tasks.source, 0, numTasks) : tasks;
    return new Promise((resolve) => drive(lanes, made, sizes, options, hooks, resolve));
  });
}

function drive<Payload, Result>(
  lanes: Lanes,
  tasks: readonly Task<Payload>[],
  sizes: readonly WorkerSize[],
  asked: ResolvedOptions,
  { isAborted, endsAtMs, onProgress, judge }: FanOutHooks,
  onEnd: (result: LanesResult<Result>) => void,
): void {
  const options = endsAtMs === undefined ? asked : { ...asked, deadlineMs: Math.max(1, endsAtMs - lanes.startedAtMs) };
  const taskIds = tasks.map(({ taskId }) => taskId);
  const state = createState(
    taskIds,
    options,
    sizes.map(({ memoryMiB }) => memoryMiB ?? null),
  );
  const results = new Array<Result | null>(tasks.length).fill(null);
  /** Ends the pause before an attempt, by task and attempt. */
  const hurries = new Map<string, () => void>();

  function feed(event: FanOutEvent): void {
    const { numDone } = state;
    for (const command of step(state, event)) perform(command);
    if (state.numDone > numDone) onProgress?.(state.numDone);
  }

  function perform(command: FanOutCommand): void {
    if (command.type === 'invoke') invoke(command);
    if (command.type === 'end') end(command.reason);
  }

  function invoke({ task, attempt, tier, afterMs }: FanOutCommand & { type: 'invoke' }): void {
    const key = `${task} ${attempt}`;
    const hurry = hurries.get(key);
    if (hurry) {
      hurry();
      return;
    }
    let pause: Parameters<Lanes['invoke']>[3];
    if (afterMs > 0) {
      // a suspended execution wakes on whole seconds
      const seconds = Math.max(1, Math.round(afterMs / 1000));
      pause = { seconds, hurry: new Promise((resolve) => hurries.set(key, resolve)) };
    }
    const { functionName } = sizes[tier];
    lanes.invoke<Payload, Result>(task, functionName, tasks[task].payload, pause, (outcome) => {
      const { startedAtMs, endedAtMs: atMs } = outcome;
      if (outcome.ok) {
        const counts = !isSettled(state.tasks[task]) && !state.ended;
        if (counts) results[task] = outcome.result;
        const reason = counts ? judge?.(outcome.result, state.inFlight - 1) : undefined;
        feed({ type: 'succeeded', task, attempt, startedAtMs, atMs });
        if (reason) feed({ type: 'decided', decision: { speculate: [], failed: [], end: reason }, atMs });
      } else {
        const { log = logPlace(functionName, outcome.error.message), ...error } = outcome.error;
        feed({ type: 'failed', task, attempt, startedAtMs, atMs, error: { ...error, log } });
      }
    });
  }

  function end(reason: EndReason): void {
    const keepsSums = options.results === 'sum';
    onEnd({
      reason,
      startedAtMs: state.startedAtMs,
      endedAtMs: Math.max(state.ended!.atMs, state.lastEndedAtMs),
      results: keepsSums ? [] : results,
      sums: keepsSums ? sumFields(results) : null,
      attemptsEnded: state.attemptsEnded,
      attemptsFailed: state.attemptsFailed,
      rest: reason === 'breakerOpen' ? [...state.tasks.keys()].filter((i) => !isSettled(state.tasks[i])) : [],
      ...summarize(state),
    });
  }

  feed({ type: 'start', atMs: lanes.startedAtMs });
  if (state.ended) return;
  lanes.watch(
    (atMs) => {
      const ms = Math.min(nextPollMs(state, atMs) ?? Infinity, isAborted ? abortLookMs(atMs) : Infinity);
      return ms === Infinity ? undefined : Math.max(1, Math.ceil(ms / 1000));
    },
    async (atMs) => {
      for (const [i, task] of state.tasks.entries()) {
        const startedAtMs = inFlightOf(task).length === 1 ? lanes.startOf(i) : undefined;
        if (startedAtMs !== undefined)
          feed({ type: 'started', task: i, attempt: task.attempts.length, atMs: startedAtMs });
      }
      // who cannot say has not called it off
      const wasAborted = await isAborted?.().catch(() => false);
      const [command] = step(state, { type: 'tick', atMs, isAborted: wasAborted });
      return command?.type === 'decide' ? command.decision : undefined;
    },
    (decision, atMs) => feed({ type: 'decided', decision, atMs }),
  );

  /** Rarer as time goes on, like other looks. */
  function abortLookMs(atMs: number): number {
    return Math.max(options.lookEveryMs, 0.1 * (atMs - state.startedAtMs));
  }
}

/** Add up the numbers of objects by field. */
export function sumFields(objects: readonly unknown[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const object of objects) {
    for (const [name, value] of Object.entries(object ?? {})) {
      if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
    }
  }
  return sums;
}
