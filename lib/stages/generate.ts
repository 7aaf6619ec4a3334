// Generate: one chunk of rows, its contribution to the sample for the bin edges, and its statistics.

import { createGenerator } from '../datasets/generator.ts';
import { InputError } from '../errors.ts';
import { sha256 } from '../hash.ts';
import { runKeys } from '../keys.ts';
import { encodeRaw, encodeSample } from '../partition/arrow.ts';
import { countClasses, type RawRows } from '../partition/rows.ts';
import { sampleRows } from '../partition/sample.ts';
import type { Plan } from '../plan.ts';
import type { Store } from '../store.ts';
import { runTask } from './task.ts';

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
  /** Rows of each class, shape [numClasses]. */
  classCounts: number[];
  /** Smallest and largest value of each feature, shape [numFeatures]; null where all are missing. */
  min: (number | null)[];
  max: (number | null)[];
  /** Sum over the rows of the best possible classifier's chance to be right; null where the generator can't tell. */
  ceilingSum: number | null;
  partition: StoredObject;
  sample: StoredObject;
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
    return storePartition(store, plan, runId, chunkIndex, rowStart, rows, rows.ceilingSum);
  });
}

/** Store the rows of a partition and their contribution to the sample, and give their statistics. */
export async function storePartition(
  store: Store,
  { params, numClasses }: Plan,
  runId: string,
  index: number,
  rowStart: number,
  rows: RawRows,
  ceilingSum: number | null,
): Promise<PartitionResult> {
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

function range(values: Float32Array): [least: number | null, most: number | null] {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [null, null];
}
