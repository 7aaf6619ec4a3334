// `timeline.json`: when each attempt of a run was requested and answered, and the overhead of each task.

import { quantile, type TimelineEntry } from '../fanout/summary.ts';

/** By fan-out. A fan-out of more than one execution keeps every n-th attempt. */
export type Timeline = Record<
  string,
  {
    startedAtMs: number;
    attempts: TimelineEntry[];
    /** Overhead of each task in milliseconds. */
    overheads: number[];
  }
>;

export interface Overheads {
  p50: number;
  p99: number;
}

/**
 * Measure the overhead of each finished task: the time from its request to its answer, minus the time that its worker
 * measured; minus the mean of that time for a fan-out that keeps sums only.
 */
export function measureOverheads({
  timeline,
  results,
  sums,
  counts,
}: {
  timeline: readonly TimelineEntry[];
  results: readonly ({ busyMs: number } | null)[];
  sums: Record<string, number> | null;
  counts: { done: number };
}): number[] {
  const meanMs = sums ? (sums.busyMs ?? 0) / Math.max(1, counts.done) : 0;
  // the last answer of a task counts; an answer of its second attempt is equal
  const lastMs = new Map<number, number>();
  for (const [task, , startMs, endMs] of timeline) if (endMs !== null) lastMs.set(task, endMs - startMs);
  return [...lastMs].flatMap(([task, tookMs]) => {
    const busyMs = sums ? meanMs : results[task]?.busyMs;
    return busyMs === undefined ? [] : [Math.max(0, Math.round(tookMs - busyMs))];
  });
}

/** The median, and the value that one task in a hundred exceeds, over all fan-outs. */
export function summarizeOverheads(timeline: Timeline): Overheads {
  const all = Object.values(timeline).flatMap(({ overheads }) => overheads);
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}
