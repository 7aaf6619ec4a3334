// Combines the results of shards as if one execution had run them all.

import { thin } from './history-limits.ts';
import { type ResolvedOptions, toCount } from './options.ts';
import { type LanesResult, sumFields } from './run-lanes.ts';
import type { EndReason } from './state.ts';
import { addCounts, type FailedTask, NO_COUNTS, type TimelineEntry } from './summary.ts';

/** The result of an execution that ran a shard. */
export interface ShardResult<Result> extends LanesResult<Result> {
  /** Usage of the execution itself, as numbers by name. */
  overhead: Record<string, number>;
}

/** The outcome of a fan-out. */
export interface Gathered<Result> extends Omit<LanesResult<Result>, 'remaining'> {
  /** Sum of the usage of the shards' executions; empty without shards. */
  overhead: Record<string, number>;
}

/** A shard and its result; null if its execution failed. */
export interface ShardOutcome<Result> {
  numTasks: number;
  result: ShardResult<Result> | null;
}

/** Combine the result of a shard that stopped with that of its remaining tasks. */
export function mergeRemaining<Result>(
  outcome: ShardOutcome<Result>,
  rest: ShardResult<Result> | null,
): ShardOutcome<Result> {
  const first = outcome.result!;
  if (!rest) return { ...outcome, result: { ...first, remaining: [] } };
  const results = [...first.results];
  for (const [i, result] of rest.results.entries()) results[first.remaining[i]] = result;
  const laterMs = rest.startedAtMs - first.startedAtMs;
  // attempt numbers continue; abandoned attempts started before
  const attemptsOf = new Map<number, number>();
  for (const [task, attempt] of first.timeline) attemptsOf.set(task, Math.max(attemptsOf.get(task) ?? 0, attempt));
  const timeline = rest.timeline.map(([i, attempt, startMs, endMs]): TimelineEntry => {
    const task = first.remaining[i];
    return [task, (attemptsOf.get(task) ?? 0) + attempt, startMs + laterMs, endMs === null ? null : endMs + laterMs];
  });
  return {
    ...outcome,
    result: {
      reason: rest.reason,
      startedAtMs: first.startedAtMs,
      endedAtMs: rest.endedAtMs,
      counts: addCounts(first.counts, rest.counts),
      // the first are final failures; those after them were stopped, and have been run since
      failed: [...first.failed.slice(0, first.counts.failed), ...rest.failed],
      timeline: [...first.timeline, ...timeline],
      results,
      sums: first.sums && sumFields([first.sums, rest.sums]),
      attemptsEnded: first.attemptsEnded + rest.attemptsEnded,
      attemptsFailed: first.attemptsFailed + rest.attemptsFailed,
      remaining: [],
      overhead: sumFields([first.overhead, rest.overhead]),
    },
  };
}

/** The end of all shards together. */
export interface ShardsEnd {
  reason: EndReason;
  startedAtMs: number;
  endedAtMs: number;
  /** Shards whose execution failed: none of their tasks is done. */
  lost: FailedTask[];
  maxTimeline: number;
}

export function gatherShards<Result>(
  outcomes: readonly ShardOutcome<Result>[],
  { reason, startedAtMs, endedAtMs, lost, maxTimeline }: ShardsEnd,
  options: ResolvedOptions,
): Gathered<Result> {
  const numTasks = outcomes.reduce((sum, outcome) => sum + outcome.numTasks, 0);
  const known = outcomes.flatMap(({ result }) => (result ? [result] : []));
  const counts = { ...known.map((result) => result.counts).reduce(addCounts, NO_COUNTS), tasks: numTasks };
  const tolerated = toCount(options.toleratedFailures, numTasks, Math.floor);
  const worst = findWorst([reason, ...known.map((result) => result.reason)]);
  // a shard tolerates all its failures: only the sum can be too many
  const isTooMany = lost.length > 0 || counts.failed > tolerated;
  const isSum = options.results === 'sum';
  return {
    reason: isTooMany && (worst === 'allDone' || worst === 'enoughDone') ? 'tooManyFailed' : worst,
    startedAtMs,
    endedAtMs,
    counts,
    failed: [...known.flatMap((result) => result.failed), ...lost],
    timeline: thin(mergeTimelines(outcomes, startedAtMs), maxTimeline),
    results: isSum
      ? []
      : outcomes.flatMap(({ result, numTasks: count }) => result?.results ?? new Array<null>(count).fill(null)),
    sums: isSum ? sumFields(known.map((result) => result.sums)) : null,
    attemptsEnded: known.reduce((sum, result) => sum + result.attemptsEnded, 0),
    attemptsFailed: known.reduce((sum, result) => sum + result.attemptsFailed, 0),
    overhead: sumFields(known.map((result) => result.overhead)),
  };
}

const BY_SEVERITY: EndReason[] = ['allDone', 'enoughDone', 'tooManyFailed', 'breakerOpen', 'deadline', 'aborted'];

function findWorst(reasons: readonly EndReason[]): EndReason {
  return BY_SEVERITY[Math.max(...reasons.map((reason) => BY_SEVERITY.indexOf(reason)))];
}

/** Merge timelines, with indices and times relative to the whole fan-out. */
function mergeTimelines(outcomes: readonly ShardOutcome<unknown>[], startedAtMs: number): TimelineEntry[] {
  let first = 0;
  return outcomes.flatMap(({ numTasks, result }) => {
    const offset = first;
    first += numTasks;
    const laterMs = result ? result.startedAtMs - startedAtMs : 0;
    return (result?.timeline ?? []).map(([task, attempt, startMs, endMs]): TimelineEntry => {
      return [offset + task, attempt, startMs + laterMs, endMs === null ? null : endMs + laterMs];
    });
  });
}
