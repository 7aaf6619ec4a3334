// Fan out, and gather.

import { FanOutFailedError, InputError, TaskFailedError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { Engine } from './engine.ts';
import { type FanOutOptions, resolveOptions, toCount } from './options.ts';
import { type FanOutHooks, runLanes, type WorkerSize } from './run-lanes.ts';
import { type Gathered, runInShards } from './shards.ts';
import { NO_COUNTS } from './summary.ts';
import { isSource, numTasksOf, type Task, type Tasks } from './task-source.ts';

/** A Lambda function that does tasks, in the sizes that are deployed. Its types are those of its event and its answer. */
export interface WorkerFunction<Payload, Result> {
  /** The smallest first; a task that runs out of memory goes on to the next. */
  sizes: readonly WorkerSize[];
  /** Never set: holds the types. */
  readonly types?: (payload: Payload) => Result;
}

/** @param sizes the function's name, or those of its sizes, the smallest first */
export function workerFunction<Payload, Result>(...sizes: (string | WorkerSize)[]): WorkerFunction<Payload, Result> {
  return { sizes: sizes.map((size) => (typeof size === 'string' ? { functionName: size } : size)) };
}

export type Options = FanOutOptions & Pick<FanOutHooks, 'isAborted'>;

/** A fan-out under way. */
export interface FanOut<Result> {
  done: Promise<Gathered<Result>>;
  /**
   * Settles when a share of the tasks is done, in (0, 1], or the fan-out is over: time for the next one to begin.
   *
   * @throws {InputError} when it is not such a share
   */
  reached(share: number): Promise<void>;
}

/**
 * Begin to invoke a function for each task.
 *
 * @param tasks a list, or a source of which the handler's `tasksOf` makes them: for very many
 * @param name unique in the execution
 * @throws {InputError} when an option is wrong
 */
export function startFanOut<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  worker: WorkerFunction<Payload, Result>,
  { isAborted, ...given }: Options = {},
): FanOut<Result> {
  const options = resolveOptions(given);
  const numTasks = numTasksOf(tasks);
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
  const done = begin(engine, name, tasks, worker, options, hooks).finally(() => onProgress(numTasks));
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

/** @throws {InputError} when two tasks have one id: what came of them could not be told apart */
function checkDistinct(name: string, tasks: readonly Task<unknown>[]): void {
  const ids = new Set<string>();
  for (const { taskId } of tasks) {
    if (ids.has(taskId)) throw new InputError(`fan-out ${name} has two tasks ${quote(taskId)}; task ids must differ`);
    ids.add(taskId);
  }
}

async function begin<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  { sizes }: WorkerFunction<Payload, Result>,
  options: ReturnType<typeof resolveOptions>,
  hooks: FanOutHooks,
): Promise<Gathered<Result>> {
  const numTasks = numTasksOf(tasks);
  if (numTasks > options.shardAbove) return runInShards(engine, name, tasks, sizes, options, hooks);
  if (numTasks > 0) {
    const { rest: _, ...result } = await runLanes<Payload, Result>(engine, name, tasks, sizes, options, hooks);
    return { ...result, own: {} };
  }
  const nothing = { results: [], failed: [], timeline: [], own: {}, startedAtMs: 0, endedAtMs: 0 };
  return {
    ...nothing,
    attemptsEnded: 0,
    attemptsFailed: 0,
    reason: 'allDone',
    counts: NO_COUNTS,
    sums: options.results === 'sum' ? {} : null,
  };
}

/**
 * Invoke a function for each task, and gather what came of it.
 *
 * @returns how it ended, even when tasks failed; `map` and `mapReduce` throw then
 * @throws {InputError} when an option is wrong
 */
export async function fanOut<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  worker: WorkerFunction<Payload, Result>,
  options?: Options,
): Promise<Gathered<Result>> {
  return startFanOut(engine, name, tasks, worker, options).done;
}

/**
 * Invoke a function for each payload.
 *
 * @returns its answers in the order of the payloads; null of a task that failed, where failures are tolerated
 * @throws {FanOutFailedError} when more tasks failed than are tolerated, or it was ended
 */
export async function map<Payload, Result>(
  engine: Engine,
  name: string,
  payloads: readonly Payload[],
  worker: WorkerFunction<Payload, Result>,
  options?: MapOptions,
): Promise<(Result | null)[]> {
  const { results } = await gatherAll(engine, name, payloads, worker, options);
  return results;
}

/** All but whether the results are kept: they are. */
export type MapOptions = Omit<Options, 'results'>;

async function gatherAll<Payload, Result>(
  engine: Engine,
  name: string,
  payloads: readonly Payload[],
  worker: WorkerFunction<Payload, Result>,
  options: MapOptions = {},
): Promise<Gathered<Result>> {
  if ('results' in options)
    throw new InputError('map keeps the results of all tasks: leave out results, or use fanOut');
  const tasks = payloads.map((payload, i) => ({ taskId: taskIdOf(name, i), payload }));
  const gathered = await fanOut(engine, name, tasks, worker, options);
  throwUnlessGood(name, gathered);
  return gathered;
}

function taskIdOf(name: string, i: number): string {
  return `${name}-${i}`;
}

/**
 * `map`, and put the answers together: neighbours first, in the order of the payloads, so that sums of fractions come out
 * the same whenever each task was done.
 *
 * @param reduce puts two answers together; runs in the orchestrator, again at each replay
 * @returns undefined when there is nothing to put together
 */
export async function mapReduce<Payload, Result>(
  engine: Engine,
  name: string,
  payloads: readonly Payload[],
  worker: WorkerFunction<Payload, Result>,
  reduce: (left: Result, right: Result) => Result,
  options?: MapOptions,
): Promise<Result | undefined> {
  const { results, failed, counts, reason } = await gatherAll(engine, name, payloads, worker, options);
  // an answer may be null: tasks without one are known by name when all are done and each failure is reported
  const areKnown = reason === 'allDone' && failed.length === counts.failed;
  const failedIds = new Set(failed.map(({ taskId }) => taskId));
  const hasAnswer = (result: Result | null, i: number) =>
    areKnown ? !failedIds.has(taskIdOf(name, i)) : result !== null;
  return reducePairwise(results.filter(hasAnswer) as Result[], reduce);
}

/** Put values together as a tree of neighbours: the shape follows from their number alone. */
export function reducePairwise<T>(values: readonly T[], reduce: (left: T, right: T) => T): T | undefined {
  let level = [...values];
  while (level.length > 1) {
    const pairs = Math.floor(level.length / 2);
    const next = Array.from({ length: pairs }, (_, i) => reduce(level[2 * i]!, level[2 * i + 1]!));
    if (level.length % 2 === 1) next.push(level.at(-1)!);
    level = next;
  }
  return level[0];
}

/** @throws {FanOutFailedError} when not all, or not enough, was done */
export function throwUnlessGood(name: string, { reason, failed, counts }: Gathered<unknown>): void {
  if (reason === 'allDone' || reason === 'enoughDone') return;
  const [first] = failed;
  const cause = first && new TaskFailedError(first.taskId, first.attempts, first.error);
  throw new FanOutFailedError(name, reason, counts, cause);
}
