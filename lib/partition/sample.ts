// The sample that bin edges are computed from: the rows with the lowest hashed priority, the same for any partitioning.

import { RandomStream, STREAM } from '../base/random.ts';
import type { Sample } from './arrow.ts';
import type { RawRows } from './rows.ts';

/** Rows in the merged sample: 64 for each of 255 bins on average, 128 in the middle and single ones at the ends. */
export const SAMPLE_ROWS = 16_384;

const TWO_32 = 4294967296;

/**
 * Take a partition's contribution: its rows below a priority that about `SAMPLE_ROWS` rows of the whole dataset are
 * below (plus 8 standard deviations). Whether a row is taken depends on its index and the seed only.
 *
 * @param totalRows rows of the whole dataset
 */
export function sampleRows(rows: RawRows, totalRows: number, seed: number): Sample {
  const threshold = Math.min(1, (SAMPLE_ROWS + 8 * Math.sqrt(SAMPLE_ROWS)) / totalRows) * TWO_32;
  const random = new RandomStream(seed, STREAM.sample);
  const chosen: number[] = [];
  const priorities: number[] = [];
  for (let i = 0; i < rows.numRows; i++) {
    const priority = random.seek(rows.rowIndex[i]).nextUint32();
    if (priority >= threshold) continue;
    chosen.push(i);
    priorities.push(priority);
  }
  return {
    numRows: chosen.length,
    rowIndex: Uint32Array.from(chosen, (i) => rows.rowIndex[i]),
    priority: Uint32Array.from(priorities),
    columns: rows.columns.map((values) => Float32Array.from(chosen, (i) => values[i])),
  };
}

/**
 * Merge contributions to the `SAMPLE_ROWS` rows with the lowest priority; ties go to the lower row index.
 *
 * @returns one array per feature, ordered by priority
 */
export function mergeSamples(samples: readonly Sample[]): Float32Array[] {
  const rows = samples.flatMap((sample) => Array.from({ length: sample.numRows }, (_, i) => ({ sample, i })));
  rows.sort(
    (a, b) => a.sample.priority[a.i] - b.sample.priority[b.i] || a.sample.rowIndex[a.i] - b.sample.rowIndex[b.i],
  );
  const kept = rows.slice(0, SAMPLE_ROWS);
  const numFeatures = samples[0]?.columns.length ?? 0;
  return Array.from({ length: numFeatures }, (_, j) =>
    Float32Array.from(kept, ({ sample, i }) => sample.columns[j][i]),
  );
}
