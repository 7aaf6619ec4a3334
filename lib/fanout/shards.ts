// A fan-out of more tasks than one execution takes: executions of the same function do a slice each.

import * as v from 'valibot';
import { InputError } from '../base/errors.ts';
import type { Engine } from './engine.ts';
import { FAN_OUT_DEFAULTS, MAX_TASKS, type ResolvedOptions, resolveOptions, toCount } from './options.ts';
import { type FanOutHooks, runLanes, sumFields, type WorkerSize } from './run-lanes.ts';
import { type Gathered, gatherParts, mergeParts, type Part, type ShardResult } from './shard-results.ts';
import { divideEvenly } from './slices.ts';
import type { EndReason } from './state.ts';
import { isSource, makeTasks, numTasksOf, type Task, type Tasks } from './task-source.ts';
import { keepFailed, thin } from './trim.ts';

/** A slice of a fan-out, as it is sent to the execution that does it. */
export interface Shard {
  fanOutShard: string;
  /** Its tasks, or which of a source they are. */
  tasks: readonly Task<unknown>[] | SourceRange;
  /** Positions in the slice that are left to do; all unless told. */
  only?: number[];
  sizes: WorkerSize[];
  options: ResolvedOptions;
  /** When the whole fan-out is over, in milliseconds since 1970, however late the slice begins. */
  endsAtMs?: number;
  /** Of what came of it, how much it may answer: entries of the timeline, bytes of failed tasks as JSON. */
  keeps: { timeline: number; failedBytes: number };
}

/** Tasks [start, end) of a source. */
interface SourceRange {
  source: unknown;
  start: number;
  end: number;
}

/** Bytes of a slice's input: 1 MB are allowed, and JSON may take more as UTF-8. */
const MAX_SHARD_BYTES = 800_000;
/** Bytes of all slices' inputs: an execution may write 100 MB, with its answers. */
const MAX_SENT_BYTES = 50_000_000;
/** Executions that one can start and still be replayed soon. */
const MAX_SHARDS = 1000;
/** Entries that are kept of the timeline of a fan-out that was divided. */
const MAX_TIMELINE = 1000;
/** Bytes of failed tasks that all slices together may answer, and that one may: its answer has 1 MB at most. */
const MAX_FAILED_BYTES = 20_000_000;
const MAX_FAILED_BYTES_OF_ONE = 400_000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Shape = v.strictObject({
  fanOutShard: v.string(),
  tasks: v.union([
    v.pipe(
      v.array(v.strictObject({ taskId: v.string(), payload: v.unknown() })),
      v.minLength(1),
      v.maxLength(MAX_TASKS),
    ),
    v.pipe(
      v.strictObject({ source: v.unknown(), start: count, end: count }),
      v.check(({ start, end }) => start < end && end - start <= MAX_TASKS, `1 to ${MAX_TASKS} tasks`),
    ),
  ]),
  only: v.optional(v.pipe(v.array(count), v.minLength(1), v.maxLength(MAX_TASKS))),
  sizes: v.pipe(
    v.array(v.strictObject({ functionName: v.string(), memoryMiB: v.optional(v.number()) })),
    v.minLength(1),
  ),
  options: v.record(v.string(), v.unknown()),
  endsAtMs: v.optional(v.number()),
  keeps: v.strictObject({ timeline: count, failedBytes: count }),
});

/** Whether an event is the input of a slice. */
export function isShard(event: unknown): event is Shard {
  return typeof event === 'object' && event !== null && 'fanOutShard' in event;
}

/** @throws {InputError} when the event is not a shard */
export async function runShard(engine: Engine, event: Shard, measure: () => object): Promise<ShardResult<unknown>> {
  const parsed = v.safeParse(Shape, event);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new InputError(`slice of a fan-out, ${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  }
  const { fanOutShard: name, tasks: given, only, sizes, options, endsAtMs, keeps } = parsed.output;
  const all = Array.isArray(given)
    ? given
    : await makeTasks(engine.tasksOf, name, given.source, given.start, given.end);
  const tasks = only ? only.map((i) => all[i]) : all;
  const result = await runLanes(engine, name, tasks, sizes, resolveOptions(options), { endsAtMs });
  return {
    ...result,
    timeline: thin(result.timeline, keeps.timeline),
    failed: keepFailed(result.failed, keeps.failedBytes),
    own: { ...sumFields([measure()]), durableOperations: engine.operations },
  };
}

/**
 * Do a fan-out in slices.
 *
 * @throws {InputError} when the engine cannot be invoked with them, or they are too many
 */
export async function runInShards<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  sizes: readonly WorkerSize[],
  options: ResolvedOptions,
  hooks: FanOutHooks = {},
): Promise<Gathered<Result>> {
  const numTasks = numTasksOf(tasks);
  if (engine.self === undefined) {
    throw new InputError(
      `fan-out ${name} has ${numTasks} tasks, more than ${options.shardAbove} need a durable engine`,
    );
  }
  const { deadlineMs } = options;
  // recorded, because each shard gets the time at which all of them end
  const endsAtMs =
    deadlineMs === null ? undefined : await engine.step(`${name}-end`, async () => Date.now() + deadlineMs);
  const { shards, atOnce } = divide(name, tasks, sizes, { ...options, deadlineMs: null }, endsAtMs);
  const run = (slices: readonly Shard[], phase: string, deadlineMs: number | null, more: FanOutHooks) =>
    runLanes<Shard, ShardResult<Result>>(
      engine,
      phase,
      slices.map((payload) => ({ taskId: payload.fanOutShard, payload })),
      [{ functionName: engine.self! }],
      { ...FAN_OUT_DEFAULTS, maxInFlight: atOnce, speculate: false, deadlineMs },
      { ...hooks, ...more },
    );
  const onProgress = (numDone: number) => hooks.onProgress?.(Math.floor((numDone * numTasks) / shards.length));
  const first = await run(shards, name, options.deadlineMs, {
    onProgress,
    judge: judgeOf<Result>(options, numTasks, shards),
  });
  let parts: Part<Result>[] = shards.map((shard, i) => ({ numTasks: sizeOf(shard), result: first.results[i] ?? null }));

  let { reason, endedAtMs } = first;
  // a slice sees its own failures alone: whether there are too many is for all of them to say
  const isOpen = opens(options, sumOf(parts, 'attemptsEnded'), sumOf(parts, 'attemptsFailed'));
  const stopped = parts.flatMap(({ result }, i) => (result?.reason === 'breakerOpen' ? [i] : []));
  const lost = [...first.failed];
  if (reason === 'allDone' && stopped.length > 0 && isOpen) reason = 'breakerOpen';
  if (reason === 'allDone' && stopped.length > 0) {
    const again = stopped.map((i) => ({
      ...shards[i],
      fanOutShard: `${shards[i].fanOutShard}-again`,
      only: parts[i].result!.rest,
      options: { ...shards[i].options, breakerRate: 1 }, // which no failures exceed
    }));
    const leftMs = deadlineMs && Math.max(1, deadlineMs - (endedAtMs - first.startedAtMs));
    const second = await run(again, `${name}-again`, leftMs, { onProgress: undefined });
    parts = parts.map((part, i) => {
      const at = stopped.indexOf(i);
      return at === -1 ? part : mergeParts(part, second.results[at] ?? null);
    });
    lost.push(...second.failed);
    ({ reason, endedAtMs } = second);
  }
  const { startedAtMs } = first;
  return gatherParts(parts, { reason, startedAtMs, endedAtMs, lost, maxTimeline: MAX_TIMELINE }, options);
}

function divide(
  name: string,
  tasks: Tasks<unknown>,
  sizes: readonly WorkerSize[],
  options: ResolvedOptions,
  endsAtMs: number | undefined,
): { shards: Shard[]; atOnce: number } {
  const numTasks = numTasksOf(tasks);
  const bytes = isSource(tasks) ? 0 : JSON.stringify(tasks).length;
  const numShards = Math.max(Math.ceil(numTasks / options.shardAbove), Math.ceil(bytes / MAX_SHARD_BYTES));
  if (bytes > MAX_SENT_BYTES) {
    throw new InputError(
      `fan-out ${name} has ${numTasks} tasks of ${bytes} bytes, all of which its execution would write; at most ` +
        `${MAX_SENT_BYTES} are allowed; give it a source of tasks instead of a list`,
    );
  }
  if (numShards > MAX_SHARDS) {
    const most = `${MAX_SHARDS} executions of ${options.shardAbove} tasks and ${MAX_SHARD_BYTES} bytes`;
    throw new InputError(`fan-out ${name} has ${numTasks} tasks, at most ${most} are allowed; make the tasks larger`);
  }
  const { atOnce, rangeOf, placesOf } = divideEvenly(numTasks, numShards, options.maxInFlight);
  const { enough } = options;
  const tolerated = toCount(options.toleratedFailures, numTasks, Math.floor);
  const keeps = {
    timeline: Math.max(1, Math.floor(MAX_TIMELINE / numShards)),
    failedBytes: Math.min(MAX_FAILED_BYTES_OF_ONE, Math.floor(MAX_FAILED_BYTES / numShards)),
  };
  const shards = Array.from({ length: numShards }, (_, i): Shard => {
    const [start, end] = rangeOf(i);
    return {
      fanOutShard: `${name}-shard-${i}`,
      tasks: isSource(tasks) ? { source: tasks.source, start, end } : tasks.slice(start, end),
      sizes: [...sizes],
      options: {
        ...options,
        maxInFlight: placesOf(i),
        // what all may fail is for all to say: a slice ends early only by failures that are too many even alone
        toleratedFailures: options.failFast ? Math.min(tolerated, end - start) : end - start,
        enough: enough === null || enough < 1 ? enough : Math.max(1, Math.ceil((enough * (end - start)) / numTasks)),
      },
      ...(endsAtMs !== undefined && { endsAtMs }),
      keeps,
    };
  });
  return { shards, atOnce };
}

function sizeOf({ tasks }: Shard): number {
  return 'source' in tasks ? tasks.end - tasks.start : tasks.length;
}

/** Whether the breaker opens by so many attempts. */
function opens({ breakerAttempts, breakerRate }: ResolvedOptions, ended: number, failed: number): boolean {
  return ended >= breakerAttempts && failed > breakerRate * ended;
}

function sumOf(parts: readonly Part<unknown>[], name: 'attemptsEnded' | 'attemptsFailed'): number {
  return parts.reduce((sum, { result }) => sum + (result?.[name] ?? 0), 0);
}

/**
 * Ends the whole early, once it is sure to end so: when more tasks have failed than may, or when too many attempts have
 * though all tasks of the slices under way should succeed at once.
 */
function judgeOf<Result>(options: ResolvedOptions, numTasks: number, shards: readonly Shard[]): FanOutHooks['judge'] {
  const tolerated = toCount(options.toleratedFailures, numTasks, Math.floor);
  const largest = Math.max(...shards.map(sizeOf));
  let numFailed = 0;
  let ended = 0;
  let failed = 0;
  return (result, numUnderWay): EndReason | undefined => {
    const part = result as ShardResult<Result>;
    numFailed += part.counts.failed;
    ended += part.attemptsEnded;
    failed += part.attemptsFailed;
    if (options.failFast && numFailed > tolerated) return 'tooManyFailed';
    return opens(options, ended + numUnderWay * largest, failed) ? 'breakerOpen' : undefined;
  };
}

export type { Gathered } from './shard-results.ts';
