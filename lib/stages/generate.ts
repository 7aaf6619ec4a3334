// Generate: one chunk of rows, its contribution to the sample for the bin edges, and its statistics.

import { InputError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { createGenerator, type GeneratedRows } from '../datasets/generator.ts';
import { addExact, settle } from '../metrics/exact-sum.ts';
import { type R2Partial, r2 } from '../metrics/r2.ts';
import { encodeRaw, encodeSample } from '../partition/arrow.ts';
import { countClasses, type RawRows } from '../partition/rows.ts';
import { sampleRows } from '../partition/sample.ts';
import type { Plan } from '../plan/plan.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { runTask } from '../store/task.ts';

export interface GenerateTask {
  runId: string;
  chunkIndex: number;
}

/** A stored object. */
export interface StoredObject {
  key: string;
  bytes: number;
  sha256: string;
}

export interface PartitionResult {
  rowStart: number;
  rowEnd: number; // exclusive
  numRows: number;
  /** Rows of each class, shape [numClasses]; empty for regression. */
  classCounts: number[];
  /** Regression only. */
  values?: LabelStatistics;
  /** Smallest and largest value of each feature, shape [numFeatures]; null where all are missing. */
  min: (number | null)[];
  max: (number | null)[];
  /** Sum over the rows of the best possible classifier's chance to be right; null when the generator does not know it. */
  ceilingSum: number | null;
  partition: StoredObject;
  sample: StoredObject;
}

/** Statistics of the label in a partition of a regression. */
export interface LabelStatistics {
  min: number;
  max: number;
  /** Exact, in stored form. */
  sum: number[];
  /** R² of the values without their noise; null when it is unknown. */
  ceiling: R2Partial | null;
}

export function generate(store: Store, plan: Plan, { runId, chunkIndex }: GenerateTask): Promise<PartitionResult> {
  const keys = runKeys(runId);
  if (chunkIndex >= plan.numChunks) {
    throw new InputError(`chunkIndex must be from 0 to ${plan.numChunks - 1}, got ${chunkIndex}`);
  }
  return runTask(store, keys.partitionResult(chunkIndex), async () => {
    const { samples, chunkSize } = plan.params;
    if (plan.dataset.generator === 'file') throw new InputError(`run ${runId} is on data: its rows are not generated`);
    const rowStart = chunkIndex * chunkSize;
    const rowEnd = Math.min(samples, rowStart + chunkSize);
    const generator = createGenerator(plan.dataset);
    const rows = generator.generate(rowStart, rowEnd);
    return storePartition(store, plan, { runId, index: chunkIndex, rowStart }, rows);
  });
}

/**
 * Store the rows of a partition and their contribution to the sample, and compute their statistics.
 *
 * @param partition its run, its index, and the index of its first row in the data set
 * @param rows rows of a user's data, or of a generator, which also has the best possible predictions
 */
export async function storePartition(
  store: Store,
  { params, numClasses }: Plan,
  { runId, index, rowStart }: { runId: string; index: number; rowStart: number },
  rows: RawRows & Partial<Pick<GeneratedRows, 'ceilingSum' | 'truth'>>,
): Promise<PartitionResult> {
  const { ceilingSum = null, truth } = rows;
  const keys = runKeys(runId);
  const partition = await createObject(store, keys.partition(index), encodeRaw(rows));
  const contribution = encodeSample(sampleRows(rows, params.samples, params.seed));
  const sample = await createObject(store, keys.sample(index), contribution);
  const ranges = rows.columns.map(range);
  return {
    rowStart,
    rowEnd: rowStart + rows.numRows,
    numRows: rows.numRows,
    classCounts: countClasses(rows.labels, numClasses),
    ...(numClasses === 0 && { values: summarizeLabels(rows.labels, truth) }),
    min: ranges.map(([least]) => least),
    max: ranges.map(([, most]) => most),
    ceilingSum,
    partition,
    sample,
  };
}

/** Create an object. Another attempt may have created it: it wrote the same bytes. */
export async function createObject(store: Store, key: string, bytes: Uint8Array): Promise<StoredObject> {
  await store.create(key, bytes);
  return { key, bytes: bytes.length, sha256: sha256(bytes) };
}

function summarizeLabels(values: ArrayLike<number>, truth: Float64Array | undefined): LabelStatistics {
  const sum: number[] = [];
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    addExact(sum, values[i]);
    min = Math.min(min, values[i]);
    max = Math.max(max, values[i]);
  }
  settle(sum);
  return { min, max, sum, ceiling: truth ? r2.partial(values, truth) : null };
}

function range(values: Float32Array): [least: number | null, most: number | null] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [null, null];
}
