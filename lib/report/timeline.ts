// `timeline.json`: when each attempt of a run was asked for and answered, and what of that was not work.

import { quantile, type TimelineEntry } from '../fanout/summary.ts';

/** By fan-out. Of one that was divided over executions, every so manieth attempt is kept. */
export type Timeline = Record<
  string,
  {
    startedAtMs: number;
    attempts: TimelineEntry[];
    /** Milliseconds of each task that were not its worker's. */
    overheads: number[];
  }
>;

export interface Overheads {
  p50: number;
  p99: number;
}

/**
 * For each task that is done: from asking for it to its answer, less the time that its worker measured. Of a fan-out of
 * which only sums are kept, less the mean time.
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
  // the last answer of a task is the one that counts, or its twin's: they are alike
  const lastMs = new Map<number, number>();
  for (const [task, , startMs, endMs] of timeline) if (endMs !== null) lastMs.set(task, endMs - startMs);
  return [...lastMs].flatMap(([task, tookMs]) => {
    const busyMs = sums ? meanMs : results[task]?.busyMs;
    return busyMs === undefined ? [] : [Math.max(0, Math.round(tookMs - busyMs))];
  });
}

/** The middle, and what one task in a hundred passes, over all fan-outs. */
export function summarizeOverheads(timeline: Timeline): Overheads {
  const all = Object.values(timeline).flatMap(({ overheads }) => overheads);
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}
