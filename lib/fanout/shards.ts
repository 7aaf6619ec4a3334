// A fan-out of more tasks than one execution takes: executions of the same function do a slice each.

import * as v from 'valibot';
import { InputError } from '../errors.ts';
import type { Engine } from './engine.ts';
import { FAN_OUT_DEFAULTS, MAX_TASKS, type ResolvedOptions, resolveOptions, toCount } from './options.ts';
import { type FanOutHooks, type LanesResult, runLanes, sumFields, type Task, type WorkerSize } from './run-lanes.ts';
import type { EndReason } from './state.ts';
import { addCounts, NO_COUNTS, type TimelineEntry } from './summary.ts';

/** A slice of a fan-out, as it is sent to the execution that does it. */
export interface Shard {
  fanOutShard: string;
  tasks: Task<unknown>[];
  sizes: WorkerSize[];
  options: ResolvedOptions;
}

/** What an execution answers that did a slice. */
interface ShardResult<Result> extends LanesResult<Result> {
  /** What the execution itself used, as numbers by name. */
  own: Record<string, number>;
}

/** What came of a fan-out. */
export interface Gathered<Result> extends LanesResult<Result> {
  /** What the executions of the slices used for themselves, added up; empty when there were none. */
  own: Record<string, number>;
}

/** Bytes of a slice's input: 1 MB are allowed, and JSON may take more as UTF-8. */
const MAX_SHARD_BYTES = 800_000;
/** Entries that are kept of the timeline of a fan-out that was divided. */
const MAX_TIMELINE = 1000;
/** Executions that one can start and still be replayed soon. */
const MAX_SHARDS = 1000;

const Shape = v.strictObject({
  fanOutShard: v.string(),
  tasks: v.pipe(
    v.array(v.strictObject({ taskId: v.string(), payload: v.unknown() })),
    v.minLength(1),
    v.maxLength(MAX_TASKS),
  ),
  sizes: v.pipe(
    v.array(v.strictObject({ functionName: v.string(), memoryMiB: v.optional(v.number()) })),
    v.minLength(1),
  ),
  options: v.record(v.string(), v.unknown()),
});

/** Whether an event is the input of a slice. */
export function isShard(event: unknown): event is Shard {
  return typeof event === 'object' && event !== null && 'fanOutShard' in event;
}

/** @throws {InputError} when the event is no such slice */
export async function runShard(engine: Engine, event: Shard, measure: () => object): Promise<ShardResult<unknown>> {
  const parsed = v.safeParse(Shape, event);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new InputError(`slice of a fan-out, ${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  }
  const { fanOutShard: name, tasks, sizes, options } = parsed.output;
  const result = await runLanes(engine, name, tasks, sizes, resolveOptions(options));
  return { ...result, own: { ...sumFields([measure()]), durableOperations: engine.operations } };
}

/**
 * Do a fan-out in slices.
 *
 * @throws {InputError} when the engine cannot be invoked with them, or they are too many
 */
export async function runInShards<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: readonly Task<Payload>[],
  sizes: readonly WorkerSize[],
  options: ResolvedOptions,
  hooks: FanOutHooks = {},
): Promise<Gathered<Result>> {
  const { self } = engine;
  if (self === undefined) {
    throw new InputError(
      `fan-out ${name} has ${tasks.length} tasks, more than ${options.shardAbove} need a durable engine`,
    );
  }
  const shards = divide(name, tasks, sizes, options);
  if (shards.length > MAX_SHARDS) {
    const most = `${MAX_SHARDS} executions of ${options.shardAbove} tasks and ${MAX_SHARD_BYTES} bytes`;
    throw new InputError(
      `fan-out ${name} has ${tasks.length} tasks, at most ${most} are allowed; make the tasks larger`,
    );
  }
  const { reason, startedAtMs, endedAtMs, results, failed } = await runLanes<Shard, ShardResult<Result>>(
    engine,
    name,
    shards.map((payload) => ({ taskId: payload.fanOutShard, payload })),
    [{ functionName: self }],
    {
      ...FAN_OUT_DEFAULTS,
      maxInFlight: Math.min(shards.length, options.maxInFlight),
      speculate: false,
      deadlineMs: options.deadlineMs,
    },
    { ...hooks, onProgress: (numDone) => hooks.onProgress?.(Math.floor((numDone * tasks.length) / shards.length)) },
  );
  const parts = results.filter((part) => part !== null);
  const counts = parts.map((part) => part.counts).reduce(addCounts, NO_COUNTS);
  const allFailed = [...parts.flatMap((part) => part.failed), ...failed];
  const tolerated = toCount(options.toleratedFailures, tasks.length, Math.floor);
  // a slice tolerates all: only together they can be too many
  const worst = worstOf([reason, ...parts.map((part) => part.reason)]);
  const isTooMany = failed.length > 0 || counts.failed > tolerated;
  return {
    reason: isTooMany && (worst === 'allDone' || worst === 'enoughDone') ? 'tooManyFailed' : worst,
    startedAtMs,
    endedAtMs,
    counts: { ...counts, tasks: tasks.length },
    failed: allFailed,
    timeline: thin(mergeTimelines(shards, results, startedAtMs)),
    results:
      options.results === 'sum' ? [] : shards.flatMap(({ tasks }, i) => results[i]?.results ?? tasks.map(() => null)),
    sums: options.results === 'sum' ? sumFields(parts.map((part) => part.sums)) : null,
    own: sumFields(parts.map((part) => part.own)),
  };
}

function divide(
  name: string,
  tasks: readonly Task<unknown>[],
  sizes: readonly WorkerSize[],
  options: ResolvedOptions,
): Shard[] {
  const bytes = JSON.stringify(tasks).length;
  const numShards = Math.max(Math.ceil(tasks.length / options.shardAbove), Math.ceil(bytes / MAX_SHARD_BYTES));
  const cut = (total: number, i: number) => Math.floor((i * total) / numShards);
  return Array.from({ length: numShards }, (_, i) => {
    const slice = tasks.slice(cut(tasks.length, i), cut(tasks.length, i + 1));
    const { enough } = options;
    return {
      fanOutShard: `${name}-shard-${i}`,
      tasks: slice,
      sizes: [...sizes],
      options: {
        ...options,
        // together no more than are allowed, and where there are fewer places than slices, as many slices at once
        maxInFlight: Math.max(1, Math.floor(options.maxInFlight / numShards)),
        toleratedFailures: options.failFast ? options.toleratedFailures : slice.length,
        enough: enough === null || enough < 1 ? enough : Math.max(1, Math.ceil((enough * slice.length) / tasks.length)),
      },
    };
  });
}

const BY_GRAVITY: EndReason[] = ['allDone', 'enoughDone', 'tooManyFailed', 'breakerOpen', 'deadline', 'aborted'];

function worstOf(reasons: readonly EndReason[]): EndReason {
  return BY_GRAVITY[Math.max(...reasons.map((reason) => BY_GRAVITY.indexOf(reason)))]!;
}

/** Positions and times as those of the whole. */
function mergeTimelines(
  shards: readonly Shard[],
  results: readonly (ShardResult<unknown> | null)[],
  startedAtMs: number,
): TimelineEntry[] {
  let first = 0;
  return shards.flatMap(({ tasks }, i) => {
    const offset = first;
    first += tasks.length;
    const part = results[i];
    const laterMs = part ? part.startedAtMs - startedAtMs : 0;
    return (part?.timeline ?? []).map(([task, attempt, startMs, endMs]): TimelineEntry => {
      return [offset + task, attempt, startMs + laterMs, endMs === null ? null : endMs + laterMs];
    });
  });
}

function thin(timeline: readonly TimelineEntry[]): TimelineEntry[] {
  const every = Math.ceil(timeline.length / MAX_TIMELINE);
  return timeline.filter((_, i) => i % every === 0);
}
