// Fan out, and gather.

import { FanOutFailedError, InputError, TaskFailedError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { Engine } from './engine.ts';
import { type FanOutOptions, resolveOptions, toCount } from './options.ts';
import { type FanOutHooks, type LanesSpec, runLanes, type WorkerSize } from './run-lanes.ts';
import { type Gathered, runInShards } from './shards.ts';
import { NO_COUNTS } from './summary.ts';
import { countTasks, isSource, type Task, type Tasks } from './task-source.ts';

/** A Lambda function that does tasks, in its deployed memory sizes. Its types are those of its event and its result. */
export interface WorkerFunction<Payload, Result> {
  /** In ascending order; a task that runs out of memory moves to the next. */
  sizes: readonly WorkerSize[];
  /** Never set: holds the types. */
  readonly types?: (payload: Payload) => Result;
}

/** @param sizes the function's name, or those of its memory sizes in ascending order */
export function workerFunction<Payload, Result>(...sizes: (string | WorkerSize)[]): WorkerFunction<Payload, Result> {
  return { sizes: sizes.map((size) => (typeof size === 'string' ? { functionName: size } : size)) };
}

/** The function of a fan-out, and its options. */
export interface FanOutCall<Payload, Result> extends FanOutOptions, Pick<FanOutHooks, 'isAborted'> {
  worker: WorkerFunction<Payload, Result>;
}

/** A fan-out that has begun. */
export interface FanOut<Result> {
  done: Promise<Gathered<Result>>;
  /**
   * Settles when a share of the tasks, in (0, 1], is done or the fan-out has ended, so that the next one can begin.
   *
   * @throws {InputError} when the share is out of range
   */
  reached(share: number): Promise<void>;
}

/**
 * Begin to invoke a function for each task.
 *
 * @param name unique in the execution
 * @param tasks a list or, for very many, a source from which the handler's `makeTasks` makes them
 * @throws {InputError} when an option is invalid, or two tasks have the same id
 */
export function startFanOut<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  { worker, isAborted, ...given }: FanOutCall<Payload, Result>,
): FanOut<Result> {
  const options = resolveOptions(given);
  const numTasks = countTasks(tasks);
  if (!isSource(tasks)) checkDistinct(name, tasks);
  const waiting: { count: number; settle: () => void }[] = [];
  let numDone = 0;
  const onProgress = (count: number) => {
    numDone = count;
    for (const one of waiting.splice(0)) {
      if (one.count <= numDone) one.settle();
      else waiting.push(one);
    }
  };
  const hooks: FanOutHooks = { isAborted, onProgress };
  const spec = { sizes: worker.sizes, options, hooks };
  const done = run<Payload, Result>(engine, name, tasks, spec).finally(() => onProgress(numTasks));
  done.catch(() => {}); // the caller gets the rejection from its own promise
  return {
    done,
    reached: async (share) => {
      if (!(share > 0 && share <= 1)) throw new InputError(`share must be above 0 and at most 1, got ${quote(share)}`);
      await new Promise<void>((settle) => {
        waiting.push({ count: share === 1 ? numTasks : toCount(share, numTasks, Math.ceil), settle });
        onProgress(numDone);
      });
    },
  };
}

/** @throws {InputError} when two tasks have the same id */
function checkDistinct(name: string, tasks: readonly Task<unknown>[]): void {
  const ids = new Set<string>();
  for (const { taskId } of tasks) {
    if (ids.has(taskId)) throw new InputError(`fan-out ${name} has two tasks ${quote(taskId)}; task ids must differ`);
    ids.add(taskId);
  }
}

async function run<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  spec: LanesSpec,
): Promise<Gathered<Result>> {
  const numTasks = countTasks(tasks);
  if (numTasks > spec.options.maxTasksPerExecution) return runInShards(engine, name, tasks, spec);
  if (numTasks > 0) {
    const { remaining: _, ...result } = await runLanes<Payload, Result>(engine, name, tasks, spec);
    return { ...result, overhead: {} };
  }
  return {
    reason: 'allDone',
    startedAtMs: 0,
    endedAtMs: 0,
    results: [],
    sums: spec.options.results === 'sum' ? {} : null,
    failed: [],
    counts: NO_COUNTS,
    timeline: [],
    attemptsEnded: 0,
    attemptsFailed: 0,
    overhead: {},
  };
}

/**
 * Invoke a function for each task, and gather the results.
 *
 * @returns how it ended, even when tasks failed; `map` and `mapReduce` throw in that case
 * @throws {InputError} as `startFanOut`
 */
export async function fanOut<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  call: FanOutCall<Payload, Result>,
): Promise<Gathered<Result>> {
  return startFanOut(engine, name, tasks, call).done;
}

/** All but whether the results are kept, which they are. */
export type MapCall<Payload, Result> = Omit<FanOutCall<Payload, Result>, 'results'>;

/**
 * Invoke a function for each payload.
 *
 * @returns the results in the order of the payloads; null for a tolerated failure
 * @throws {FanOutFailedError} when more tasks failed than are tolerated, or the fan-out ended early
 */
export async function map<Payload, Result>(
  engine: Engine,
  name: string,
  payloads: readonly Payload[],
  call: MapCall<Payload, Result>,
): Promise<(Result | null)[]> {
  const { results } = await gatherAll(engine, name, payloads, call);
  return results;
}

/**
 * `map`, and reduce the results pairwise, neighbours first: sums of fractions do not depend on the order in which tasks end.
 *
 * @param call `reduce` combines two results; it runs in the orchestrator, again at each replay
 * @returns undefined when there are no results
 */
export async function mapReduce<Payload, Result>(
  engine: Engine,
  name: string,
  payloads: readonly Payload[],
  { reduce, ...call }: MapCall<Payload, Result> & { reduce: (left: Result, right: Result) => Result },
): Promise<Result | undefined> {
  const { results, failed, counts, reason } = await gatherAll(engine, name, payloads, call);
  // a result may be null: tasks without one are known by name when all are done and each failure is reported
  const areKnown = reason === 'allDone' && failed.length === counts.failed;
  const failedIds = new Set(failed.map(({ taskId }) => taskId));
  const hasResult = (result: Result | null, i: number) =>
    areKnown ? !failedIds.has(makeTaskId(name, i)) : result !== null;
  return reducePairwise(results.filter(hasResult) as Result[], reduce);
}

async function gatherAll<Payload, Result>(
  engine: Engine,
  name: string,
  payloads: readonly Payload[],
  call: MapCall<Payload, Result>,
): Promise<Gathered<Result>> {
  if ('results' in call) throw new InputError('map keeps the results of all tasks; remove results, or use fanOut');
  const tasks = payloads.map((payload, i) => ({ taskId: makeTaskId(name, i), payload }));
  const gathered = await fanOut(engine, name, tasks, call);
  throwUnlessGood(name, gathered);
  return gathered;
}

function makeTaskId(name: string, i: number): string {
  return `${name}-${i}`;
}

/** Reduce values as a tree of neighbours, whose shape follows from their number alone. */
export function reducePairwise<T>(values: readonly T[], reduce: (left: T, right: T) => T): T | undefined {
  let level = [...values];
  while (level.length > 1) {
    const pairs = Math.floor(level.length / 2);
    const next = Array.from({ length: pairs }, (_, i) => reduce(level[2 * i], level[2 * i + 1]));
    if (level.length % 2 === 1) next.push(level.at(-1)!);
    level = next;
  }
  return level[0];
}

/** @throws {FanOutFailedError} unless all tasks, or `minSuccessful` of them, are done */
export function throwUnlessGood(name: string, { reason, failed, counts }: Gathered<unknown>): void {
  if (reason === 'allDone' || reason === 'enoughDone') return;
  const [first] = failed;
  const cause = first && new TaskFailedError(first.taskId, first.attempts, first.error);
  throw new FanOutFailedError(name, reason, counts, cause);
}
