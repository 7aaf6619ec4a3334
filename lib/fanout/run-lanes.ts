// Drives one fan-out in one execution: feeds events to the policy and performs its commands.

import type { Engine, Invocation, Lanes } from './engine.ts';
import { logLocation } from './log-tail.ts';
import type { ResolvedOptions } from './options.ts';
import { type FanOutCommand, type FanOutEvent, step } from './policy.ts';
import { type Decision, nextPollMs, POLL_SHARE } from './polling.ts';
import { createState, type EndReason, type FanOutState, isSettled, listInFlight } from './state.ts';
import { type Summary, summarize } from './summary.ts';
import { countTasks, isSource, makeSourceTasks, type Task, type Tasks } from './task-source.ts';

/** A deployed memory size of a function. */
export interface WorkerSize {
  functionName: string;
  /** Memory in MiB, for messages; omitted when unknown. */
  memoryMiB?: number;
}

/** The outcome of a fan-out, or of one of its shards. */
export interface LanesResult<Result> extends Summary {
  reason: EndReason;
  startedAtMs: number;
  endedAtMs: number;
  /** In task order, null for a task that is not done; empty when only sums are kept. */
  results: (Result | null)[];
  /** Sums of the results' numbers by field, added in task order; null when the results are kept. */
  sums: Record<string, number> | null;
  /** Attempts that ended, and the failed ones that count for the breaker. */
  attemptsEnded: number;
  attemptsFailed: number;
  /** If the breaker opened: indices of the tasks that are neither done nor failed; otherwise empty. */
  remaining: number[];
}

export interface FanOutHooks {
  /** Called every few seconds: true ends the fan-out as `aborted`. */
  isAborted?: () => Promise<boolean>;
  /** For a shard: deadline of the whole fan-out, in milliseconds since 1970; replaces `deadlineMs`. */
  endsAtMs?: number;
  /** Called with the number of finished tasks whenever it grows. */
  onProgress?: (numDone: number) => void;
  /** Called once with each result; a reason ends the fan-out. @param numInFlight tasks still in flight */
  shouldStop?: (result: unknown, numInFlight: number) => EndReason | undefined;
}

/** How to run tasks: the function's memory sizes in ascending order, the options, and the caller's hooks. */
export interface LanesSpec {
  sizes: readonly WorkerSize[];
  options: ResolvedOptions;
  hooks?: FanOutHooks;
}

export function runLanes<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  spec: LanesSpec,
): Promise<LanesResult<Result>> {
  const numTasks = countTasks(tasks);
  return engine.lanes(name, numTasks, async (lanes) => {
    // the lanes are open by now: their position among the operations does not depend on how long this takes
    const list = isSource(tasks)
      ? await makeSourceTasks<Payload>(engine.makeTasks, name, { source: tasks.source, start: 0, end: numTasks })
      : tasks;
    return new LanesRun<Payload, Result>(lanes, list, spec).run();
  });
}

/** One fan-out in one execution. */
class LanesRun<Payload, Result> {
  readonly #lanes: Lanes;
  readonly #tasks: readonly Task<Payload>[];
  readonly #sizes: readonly WorkerSize[];
  readonly #options: ResolvedOptions;
  readonly #hooks: FanOutHooks;
  readonly #state: FanOutState;
  readonly #results: (Result | null)[];
  /** Ends the pause before an attempt, by task and attempt. */
  readonly #hurries = new Map<string, () => void>();
  #resolve: (result: LanesResult<Result>) => void = () => {};

  constructor(lanes: Lanes, tasks: readonly Task<Payload>[], { sizes, options, hooks = {} }: LanesSpec) {
    const { endsAtMs } = hooks;
    this.#lanes = lanes;
    this.#tasks = tasks;
    this.#sizes = sizes;
    this.#options =
      endsAtMs === undefined ? options : { ...options, deadlineMs: Math.max(1, endsAtMs - lanes.startedAtMs) };
    this.#hooks = hooks;
    this.#state = createState(
      tasks.map(({ taskId }) => taskId),
      this.#options,
      sizes.map(({ memoryMiB }) => memoryMiB ?? null),
    );
    this.#results = new Array<Result | null>(tasks.length).fill(null);
  }

  /** Run to the end of the fan-out. */
  run(): Promise<LanesResult<Result>> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#feed({ type: 'start', atMs: this.#lanes.startedAtMs });
      if (this.#state.ended) return;
      this.#lanes.poll(
        (atMs) => this.#pauseSeconds(atMs),
        (atMs) => this.#decide(atMs),
        (decision, atMs) => this.#feed({ type: 'decided', decision, atMs }),
      );
    });
  }

  #feed(event: FanOutEvent): void {
    const { numDone } = this.#state;
    for (const command of step(this.#state, event)) {
      if (command.type === 'invoke') this.#invoke(command);
      if (command.type === 'end') this.#end(command.reason);
    }
    if (this.#state.numDone > numDone) this.#hooks.onProgress?.(this.#state.numDone);
  }

  #invoke({ task, attempt, sizeIndex, afterMs }: FanOutCommand & { type: 'invoke' }): void {
    const key = `${task} ${attempt}`;
    const hurry = this.#hurries.get(key);
    if (hurry) {
      hurry();
      return;
    }
    let pause: Invocation<Payload>['pause'];
    if (afterMs > 0) {
      // a suspended execution wakes on whole seconds
      const seconds = Math.max(1, Math.round(afterMs / 1000));
      pause = { seconds, hurry: new Promise((resolve) => this.#hurries.set(key, resolve)) };
    }
    const { functionName } = this.#sizes[sizeIndex];
    const { payload } = this.#tasks[task];
    this.#lanes.invoke<Payload, Result>(task, { functionName, payload, pause }, (outcome) => {
      const { startedAtMs, endedAtMs: atMs } = outcome;
      const times = { task, attempt, startedAtMs, atMs };
      if (outcome.ok) {
        this.#succeed(times, outcome.result);
      } else {
        const { log = logLocation(functionName, outcome.error.message), ...error } = outcome.error;
        this.#feed({ type: 'failed', ...times, error: { ...error, log } });
      }
    });
  }

  #succeed(times: { task: number; attempt: number; startedAtMs: number; atMs: number }, result: Result): void {
    const state = this.#state;
    const counts = !isSettled(state.tasks[times.task]) && !state.ended;
    if (counts) this.#results[times.task] = result;
    const reason = counts ? this.#hooks.shouldStop?.(result, state.inFlight - 1) : undefined;
    this.#feed({ type: 'succeeded', ...times });
    if (reason) {
      this.#feed({ type: 'decided', decision: { speculate: [], failed: [], end: reason }, atMs: times.atMs });
    }
  }

  #end(reason: EndReason): void {
    const state = this.#state;
    const keepsSums = this.#options.results === 'sum';
    this.#resolve({
      reason,
      startedAtMs: state.startedAtMs,
      endedAtMs: Math.max(state.ended!.atMs, state.lastEndedAtMs),
      results: keepsSums ? [] : this.#results,
      sums: keepsSums ? sumFields(this.#results) : null,
      attemptsEnded: state.attemptsEnded,
      attemptsFailed: state.attemptsFailed,
      remaining: reason === 'breakerOpen' ? [...state.tasks.keys()].filter((i) => !isSettled(state.tasks[i])) : [],
      ...summarize(state),
    });
  }

  #pauseSeconds(atMs: number): number | undefined {
    const abortMs = Math.max(this.#options.pollIntervalMs, POLL_SHARE * (atMs - this.#state.startedAtMs));
    const ms = Math.min(nextPollMs(this.#state, atMs) ?? Infinity, this.#hooks.isAborted ? abortMs : Infinity);
    return ms === Infinity ? undefined : Math.max(1, Math.ceil(ms / 1000));
  }

  async #decide(atMs: number): Promise<Decision | undefined> {
    for (const [task, { attempts }] of this.#state.tasks.entries()) {
      const isSingle = listInFlight(this.#state.tasks[task]).length === 1;
      const startedAtMs = isSingle ? this.#lanes.getStart(task) : undefined;
      if (startedAtMs !== undefined) this.#feed({ type: 'started', task, attempt: attempts.length, atMs: startedAtMs });
    }
    // an error of isAborted does not abort
    const isAborted = await this.#hooks.isAborted?.().catch(() => false);
    const [command] = step(this.#state, { type: 'tick', atMs, isAborted });
    return command?.type === 'decide' ? command.decision : undefined;
  }
}

/** Sum the numbers of objects by field. */
export function sumFields(objects: readonly unknown[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const object of objects) {
    for (const [name, value] of Object.entries(object ?? {})) {
      if (typeof value === 'number') sums[name] = (sums[name] ?? 0) + value;
    }
  }
  return sums;
}
