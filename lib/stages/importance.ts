// Permutation importance over test partitions: how many rows a forest gets wrong when one feature's values are another's.
// A row's place in the sample and the values that it gets follow from (seed, row index), so partitioning changes nothing.

import { RandomStream, STREAM } from '../base/random.ts';
import type { RawRows } from '../partition/rows.ts';
import type { Plan } from '../plan/plan.ts';
import { importanceRows } from '../plan/task-resources.ts';

/** What a partition adds: rows of the sample whose prediction turned wrong or right, by feature, shape [numFeatures]. */
export interface ImportanceCounts {
  numRows: number;
  lost: number[];
  gained: number[];
}

export interface PermutationImportances {
  /** Fall of the accuracy, or R², when a feature's values are drawn anew, shape [numFeatures]. */
  mean: number[];
  /** Standard error of each, from the rows. */
  error: number[];
  /** Test rows that it was measured on. */
  numRows: number;
}

const NUM_DONORS = 64;

/** Values at equal distances through the sorted sample of a feature. */
export function donorsOf(sample: Float32Array): number[] {
  const sorted = sample.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return [];
  return Array.from({ length: NUM_DONORS }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / NUM_DONORS)]);
}

/** Rows to predict besides those of the partition. */
export interface Shuffled {
  /** Positions in the partition of the rows in the sample, ascending. */
  chosen: number[];
  /** The chosen rows once for each feature, with that feature's values drawn anew: [numFeatures x chosen] rows. */
  columns: Float32Array[];
}

/** @param donors as `donorsOf` gives them, one list for each feature */
export function shuffleRows(rows: RawRows, plan: Plan, donors: readonly number[][]): Shuffled {
  const random = new RandomStream(plan.params.seed, STREAM.permutation);
  const share = importanceRows(plan) / plan.numTest;
  const chosen: number[] = [];
  for (let i = 0; i < rows.numRows; i++) if (random.seek(rows.rowIndex[i]).nextOpen() < share) chosen.push(i);
  const numFeatures = rows.columns.length;
  const columns = rows.columns.map((values) => {
    const repeated = new Float32Array(numFeatures * chosen.length);
    for (let at = 0; at < repeated.length; at++) repeated[at] = values[chosen[at % chosen.length]];
    return repeated;
  });
  for (const [i, row] of chosen.entries()) {
    random.seek(rows.rowIndex[row]).nextOpen(); // the place in the sample
    for (let j = 0; j < numFeatures; j++) {
      const place = Math.floor(random.nextOpen() * donors[j].length);
      const value = donors[j][place];
      if (value !== undefined) columns[j][j * chosen.length + i] = value;
    }
  }
  return { chosen, columns };
}

/**
 * @param predicted classes of the partition's rows
 * @param shuffled classes of the rows of `shuffleRows`
 */
export function countImportance(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  chosen: readonly number[],
  shuffled: ArrayLike<number>,
): ImportanceCounts {
  const numFeatures = chosen.length === 0 ? 0 : shuffled.length / chosen.length;
  const counts: ImportanceCounts = {
    numRows: chosen.length,
    lost: new Array(numFeatures).fill(0),
    gained: new Array(numFeatures).fill(0),
  };
  for (let at = 0; at < shuffled.length; at++) {
    const feature = Math.floor(at / chosen.length);
    const row = chosen[at % chosen.length];
    const before = predicted[row] === labels[row];
    const after = shuffled[at] === labels[row];
    if (before && !after) counts.lost[feature]++;
    if (!before && after) counts.gained[feature]++;
  }
  return counts;
}

/** Null when no partition has a row of the sample. */
export function mergeImportance(
  partitions: readonly (ImportanceCounts | null)[],
  numFeatures: number,
): PermutationImportances | null {
  const parts = partitions.filter((part) => part !== null && part.numRows > 0) as ImportanceCounts[];
  const numRows = parts.reduce((sum, part) => sum + part.numRows, 0);
  if (numRows === 0) return null;
  const features = Array.from({ length: numFeatures }, (_, j) => {
    const lost = parts.reduce((sum, part) => sum + part.lost[j], 0);
    const gained = parts.reduce((sum, part) => sum + part.gained[j], 0);
    const mean = (lost - gained) / numRows;
    return { mean, error: Math.sqrt(((lost + gained) / numRows - mean * mean) / numRows) };
  });
  return { mean: features.map(({ mean }) => mean), error: features.map(({ error }) => error), numRows };
}
