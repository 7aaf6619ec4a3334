// A fan-out of more tasks than one execution can take: executions of the same function run one shard each.

import * as v from 'valibot';
import { InputError } from '../base/errors.ts';
import { divideEvenly } from './division.ts';
import type { Engine } from './engine.ts';
import { keepFailed, thin } from './history-limits.ts';
import { FAN_OUT_DEFAULTS, MAX_TASKS, type ResolvedOptions, resolveOptions, toCount } from './options.ts';
import { type FanOutHooks, type LanesSpec, runLanes, sumFields, type WorkerSize } from './run-lanes.ts';
import { type Gathered, gatherShards, mergeRemaining, type ShardOutcome, type ShardResult } from './shard-results.ts';
import type { EndReason } from './state.ts';
import { countTasks, isSource, makeSourceTasks, type SourceRange, type Task, type Tasks } from './task-source.ts';

/** A shard of a fan-out: the event of the execution that runs it. */
export interface Shard {
  fanOutShard: string;
  /** Its tasks, or their range in a source. */
  tasks: readonly Task<unknown>[] | SourceRange;
  /** Indices of the tasks to run. @default all */
  only?: number[];
  sizes: WorkerSize[];
  options: ResolvedOptions;
  /** Deadline of the whole fan-out, in milliseconds since 1970, however late the shard starts. */
  endsAtMs?: number;
  /** Limits of its result: entries of the timeline, bytes of failed tasks as JSON. */
  keeps: { timeline: number; failedBytes: number };
}

/** Maximum JSON length of a shard's event: 1 MB are allowed, and JSON may take more as UTF-8. */
const MAX_SHARD_BYTES = 800_000;
/** Maximum bytes of all shards' events: an execution may write 100 MB, including results. */
const MAX_SENT_BYTES = 50_000_000;
/** Maximum number of shards with which an execution still replays quickly. */
const MAX_SHARDS = 1000;
/** Maximum entries in the timeline of a fan-out with shards. */
const MAX_TIMELINE = 1000;
/** Maximum bytes of failed tasks from all shards together, and from one, whose result may have 1 MB. */
const MAX_FAILED_BYTES = 20_000_000;
const MAX_SHARD_FAILED_BYTES = 400_000;

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

/** Whether an event is a shard. */
export function isShard(event: unknown): event is Shard {
  return typeof event === 'object' && event !== null && 'fanOutShard' in event;
}

/** @throws {InputError} when the event is not a shard */
export async function runShard(engine: Engine, event: Shard, measure: () => object): Promise<ShardResult<unknown>> {
  const parsed = v.safeParse(Shape, event);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new InputError(`shard of a fan-out, ${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  }
  const { fanOutShard: name, tasks: list, only, sizes, options, endsAtMs, keeps } = parsed.output;
  const all = Array.isArray(list) ? list : await makeSourceTasks(engine.makeTasks, name, list);
  const tasks = only ? only.map((i) => all[i]) : all;
  const spec = { sizes, options: resolveOptions(options), hooks: { endsAtMs } };
  const result = await runLanes(engine, name, tasks, spec);
  return {
    ...result,
    timeline: thin(result.timeline, keeps.timeline),
    failed: keepFailed(result.failed, keeps.failedBytes),
    overhead: { ...sumFields([measure()]), durableOperations: engine.operations },
  };
}

/**
 * Run a fan-out in shards.
 *
 * @throws {InputError} when the engine cannot execute shards, or there are too many
 */
export async function runInShards<Payload, Result>(
  engine: Engine,
  name: string,
  tasks: Tasks<Payload>,
  spec: LanesSpec,
): Promise<Gathered<Result>> {
  const { options, hooks = {} } = spec;
  const numTasks = countTasks(tasks);
  const { self } = engine;
  if (self === undefined) {
    throw new InputError(
      `fan-out ${name} has ${numTasks} tasks; more than ${options.maxTasksPerExecution} require a durable engine`,
    );
  }
  const { deadlineMs } = options;
  // recorded in a step, because every shard gets the same deadline
  const endsAtMs =
    deadlineMs === null ? undefined : await engine.step(`${name}-end`, async () => Date.now() + deadlineMs);
  const { shards, atOnce } = divide(name, tasks, spec, endsAtMs);
  const runShards = (payloads: readonly Shard[], phase: string, leftMs: number | null, more: FanOutHooks) =>
    runLanes<Shard, ShardResult<Result>>(
      engine,
      phase,
      payloads.map((payload) => ({ taskId: payload.fanOutShard, payload })),
      {
        sizes: [{ functionName: self }],
        options: { ...FAN_OUT_DEFAULTS, maxInFlight: atOnce, speculate: false, deadlineMs: leftMs },
        hooks: { ...hooks, ...more },
      },
    );
  const onProgress = (numDone: number) => hooks.onProgress?.(Math.floor((numDone * numTasks) / shards.length));
  const first = await runShards(shards, name, deadlineMs, {
    onProgress,
    shouldStop: makeShouldStop<Result>(options, numTasks, shards),
  });
  let outcomes: ShardOutcome<Result>[] = shards.map((shard, i) => ({
    numTasks: countShardTasks(shard),
    result: first.results[i] ?? null,
  }));

  let { reason, endedAtMs } = first;
  // a shard sees only its own failures: the sum over all shards decides whether there are too many
  const isOpen = isBreakerOpen(
    options,
    sumAttempts(outcomes, 'attemptsEnded'),
    sumAttempts(outcomes, 'attemptsFailed'),
  );
  const stopped = outcomes.flatMap(({ result }, i) => (result?.reason === 'breakerOpen' ? [i] : []));
  const lost = [...first.failed];
  if (reason === 'allDone' && stopped.length > 0 && isOpen) reason = 'breakerOpen';
  if (reason === 'allDone' && stopped.length > 0) {
    const again = stopped.map((i) => ({
      ...shards[i],
      fanOutShard: `${shards[i].fanOutShard}-again`,
      only: outcomes[i].result!.remaining,
      options: { ...shards[i].options, breakerRate: 1 }, // never opens
    }));
    const leftMs = deadlineMs && Math.max(1, deadlineMs - (endedAtMs - first.startedAtMs));
    const second = await runShards(again, `${name}-again`, leftMs, { onProgress: undefined });
    outcomes = outcomes.map((outcome, i) => {
      const at = stopped.indexOf(i);
      return at === -1 ? outcome : mergeRemaining(outcome, second.results[at] ?? null);
    });
    lost.push(...second.failed);
    ({ reason, endedAtMs } = second);
  }
  const { startedAtMs } = first;
  return gatherShards(outcomes, { reason, startedAtMs, endedAtMs, lost, maxTimeline: MAX_TIMELINE }, options);
}

function divide(
  name: string,
  tasks: Tasks<unknown>,
  { sizes, options }: LanesSpec,
  endsAtMs: number | undefined,
): { shards: Shard[]; atOnce: number } {
  const numTasks = countTasks(tasks);
  const bytes = isSource(tasks) ? 0 : JSON.stringify(tasks).length;
  const numShards = Math.max(Math.ceil(numTasks / options.maxTasksPerExecution), Math.ceil(bytes / MAX_SHARD_BYTES));
  if (bytes > MAX_SENT_BYTES) {
    throw new InputError(
      `fan-out ${name} has a list of ${numTasks} tasks with ${bytes} bytes, at most ${MAX_SENT_BYTES} are allowed; ` +
        'use a source of tasks instead of a list',
    );
  }
  if (numShards > MAX_SHARDS) {
    const most = `${MAX_SHARDS} executions of ${options.maxTasksPerExecution} tasks and ${MAX_SHARD_BYTES} bytes`;
    throw new InputError(`fan-out ${name} has ${numTasks} tasks, at most ${most} are allowed; make the tasks larger`);
  }
  const { atOnce, getRange, getSlots } = divideEvenly(numTasks, numShards, options.maxInFlight);
  const { minSuccessful } = options;
  const tolerated = toCount(options.toleratedFailures, numTasks, Math.floor);
  const keeps = {
    timeline: Math.max(1, Math.floor(MAX_TIMELINE / numShards)),
    failedBytes: Math.min(MAX_SHARD_FAILED_BYTES, Math.floor(MAX_FAILED_BYTES / numShards)),
  };
  const shards = Array.from({ length: numShards }, (_, i): Shard => {
    const [start, end] = getRange(i);
    return {
      fanOutShard: `${name}-shard-${i}`,
      tasks: isSource(tasks) ? { source: tasks.source, start, end } : tasks.slice(start, end),
      sizes: [...sizes],
      options: {
        ...options,
        maxInFlight: getSlots(i),
        deadlineMs: null, // endsAtMs applies
        // the sum over all shards decides: a shard ends early only if it alone has too many failures
        toleratedFailures: options.failFast ? Math.min(tolerated, end - start) : end - start,
        minSuccessful:
          minSuccessful === null || minSuccessful < 1
            ? minSuccessful
            : Math.max(1, Math.ceil((minSuccessful * (end - start)) / numTasks)),
      },
      ...(endsAtMs !== undefined && { endsAtMs }),
      keeps,
    };
  });
  return { shards, atOnce };
}

function countShardTasks({ tasks }: Shard): number {
  return 'source' in tasks ? tasks.end - tasks.start : tasks.length;
}

/** Whether the breaker opens after this many attempts. */
function isBreakerOpen({ breakerAttempts, breakerRate }: ResolvedOptions, ended: number, failed: number): boolean {
  return ended >= breakerAttempts && failed > breakerRate * ended;
}

function sumAttempts(outcomes: readonly ShardOutcome<unknown>[], name: 'attemptsEnded' | 'attemptsFailed'): number {
  return outcomes.reduce((sum, { result }) => sum + (result?.[name] ?? 0), 0);
}

/**
 * Ends the whole fan-out early once its end is certain: when more tasks have failed than are tolerated, or when too many
 * attempts have failed even if all tasks of the shards in flight succeed at once.
 */
function makeShouldStop<Result>(
  options: ResolvedOptions,
  numTasks: number,
  shards: readonly Shard[],
): FanOutHooks['shouldStop'] {
  const tolerated = toCount(options.toleratedFailures, numTasks, Math.floor);
  const largest = Math.max(...shards.map(countShardTasks));
  let numFailed = 0;
  let ended = 0;
  let failed = 0;
  return (result, numInFlight): EndReason | undefined => {
    const part = result as ShardResult<Result>;
    numFailed += part.counts.failed;
    ended += part.attemptsEnded;
    failed += part.attemptsFailed;
    if (options.failFast && numFailed > tolerated) return 'tooManyFailed';
    return isBreakerOpen(options, ended + numInFlight * largest, failed) ? 'breakerOpen' : undefined;
  };
}

export type { Gathered } from './shard-results.ts';
