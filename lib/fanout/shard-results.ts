// What came of the slices of a fan-out, put together as if one execution had done them all.

import { type ResolvedOptions, toCount } from './options.ts';
import { type LanesResult, sumFields } from './run-lanes.ts';
import type { EndReason } from './state.ts';
import { addCounts, type FailedTask, NO_COUNTS, type TimelineEntry } from './summary.ts';
import { thin } from './trim.ts';

/** What an execution answers that did a slice. */
export interface ShardResult<Result> extends LanesResult<Result> {
  /** What the execution itself used, as numbers by name. */
  own: Record<string, number>;
}

/** What came of a fan-out. */
export interface Gathered<Result> extends Omit<LanesResult<Result>, 'rest'> {
  /** What the executions of the slices used for themselves, added up; empty when there were none. */
  own: Record<string, number>;
}

/** A slice, and what came of it; null where nothing did. */
export interface Part<Result> {
  numTasks: number;
  result: ShardResult<Result> | null;
}

/** Put the outcome of a slice that stopped together with that of its rest. */
export function mergeParts<Result>(part: Part<Result>, rest: ShardResult<Result> | null): Part<Result> {
  const first = part.result!;
  if (!rest) return { ...part, result: { ...first, rest: [] } };
  const results = [...first.results];
  for (const [i, result] of rest.results.entries()) results[first.rest[i]] = result;
  const laterMs = rest.startedAtMs - first.startedAtMs;
  // attempts go on to be counted; those that nobody waited for began before
  const attemptsOf = new Map<number, number>();
  for (const [task, attempt] of first.timeline) attemptsOf.set(task, Math.max(attemptsOf.get(task) ?? 0, attempt));
  const timeline = rest.timeline.map(([i, attempt, startMs, endMs]): TimelineEntry => {
    const task = first.rest[i];
    return [task, (attemptsOf.get(task) ?? 0) + attempt, startMs + laterMs, endMs === null ? null : endMs + laterMs];
  });
  return {
    ...part,
    result: {
      reason: rest.reason,
      startedAtMs: first.startedAtMs,
      endedAtMs: rest.endedAtMs,
      counts: addCounts(first.counts, rest.counts),
      // behind those that were given up are those that were stopped, which the rest has done since
      failed: [...first.failed.slice(0, first.counts.failed), ...rest.failed],
      timeline: [...first.timeline, ...timeline],
      results,
      sums: first.sums && sumFields([first.sums, rest.sums]),
      attemptsEnded: first.attemptsEnded + rest.attemptsEnded,
      attemptsFailed: first.attemptsFailed + rest.attemptsFailed,
      rest: [],
      own: sumFields([first.own, rest.own]),
    },
  };
}

/** How the slices ended as a whole. */
export interface Ending {
  reason: EndReason;
  startedAtMs: number;
  endedAtMs: number;
  /** Slices that failed themselves: none of their tasks is done. */
  lost: FailedTask[];
  maxTimeline: number;
}

export function gatherParts<Result>(
  parts: readonly Part<Result>[],
  { reason, startedAtMs, endedAtMs, lost, maxTimeline }: Ending,
  options: ResolvedOptions,
): Gathered<Result> {
  const numTasks = parts.reduce((sum, part) => sum + part.numTasks, 0);
  const known = parts.flatMap(({ result }) => (result ? [result] : []));
  const counts = { ...known.map((result) => result.counts).reduce(addCounts, NO_COUNTS), tasks: numTasks };
  const tolerated = toCount(options.toleratedFailures, numTasks, Math.floor);
  const worst = worstOf([reason, ...known.map((result) => result.reason)]);
  // a slice tolerates all that fails in it: only together they can be too many
  const isTooMany = lost.length > 0 || counts.failed > tolerated;
  const isSum = options.results === 'sum';
  return {
    reason: isTooMany && (worst === 'allDone' || worst === 'enoughDone') ? 'tooManyFailed' : worst,
    startedAtMs,
    endedAtMs,
    counts,
    failed: [...known.flatMap((result) => result.failed), ...lost],
    timeline: thin(mergeTimelines(parts, startedAtMs), maxTimeline),
    results: isSum ? [] : parts.flatMap((part) => part.result?.results ?? new Array<null>(part.numTasks).fill(null)),
    sums: isSum ? sumFields(known.map((result) => result.sums)) : null,
    attemptsEnded: known.reduce((sum, result) => sum + result.attemptsEnded, 0),
    attemptsFailed: known.reduce((sum, result) => sum + result.attemptsFailed, 0),
    own: sumFields(known.map((result) => result.own)),
  };
}

const BY_GRAVITY: EndReason[] = ['allDone', 'enoughDone', 'tooManyFailed', 'breakerOpen', 'deadline', 'aborted'];

function worstOf(reasons: readonly EndReason[]): EndReason {
  return BY_GRAVITY[Math.max(...reasons.map((reason) => BY_GRAVITY.indexOf(reason)))];
}

/** Positions and times as those of the whole. */
function mergeTimelines(parts: readonly Part<unknown>[], startedAtMs: number): TimelineEntry[] {
  let first = 0;
  return parts.flatMap(({ numTasks, result }) => {
    const offset = first;
    first += numTasks;
    const laterMs = result ? result.startedAtMs - startedAtMs : 0;
    return (result?.timeline ?? []).map(([task, attempt, startMs, endMs]): TimelineEntry => {
      return [offset + task, attempt, startMs + laterMs, endMs === null ? null : endMs + laterMs];
    });
  });
}
