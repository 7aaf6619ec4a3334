// Bins: the edges that all partitions share, and the check that every row is there.

import { FormatError, InputError } from '../errors.ts';
import { quantileEdges } from '../forest/bins.ts';
import type { ValueRange } from '../forest/model.ts';
import { toRange } from '../forest/ranges.ts';
import { getSchema } from '../ingest/results.ts';
import { getJson } from '../json.ts';
import { runKeys } from '../keys.ts';
import { decodeSample } from '../partition/arrow.ts';
import type { BinEdges } from '../partition/rows.ts';
import { mergeSamples } from '../partition/sample.ts';
import type { Plan } from '../plan.ts';
import type { Store } from '../store.ts';
import type { PartitionResult } from './generate.ts';
import { mapLimited, runTask, STORE_REQUESTS } from './task.ts';

export interface BinsTask {
  kind: 'bins';
  runId: string;
}

export interface BinsResult {
  /** Rows of each class in the whole data set. */
  classCounts: number[];
  /** Best possible accuracy on this data, mean over all rows; null where the generator can't tell. */
  accuracyCeiling: number | null;
  /** Upper edges of the bins of each feature; none of a categorical one. */
  edges: number[][];
  /** Smallest and largest value of each feature in the whole data set; a run of an earlier version has none. */
  ranges?: ValueRange[];
  /** Rows of each class before each partition, where the split is stratified; shape [numPartitions][numClasses]. */
  classStarts?: number[][];
  /** Features that hold categories; none when left out. */
  isCategorical?: boolean[];
}

export function planBins(store: Store, plan: Plan, { runId }: BinsTask): Promise<BinsResult> {
  const keys = runKeys(runId);
  return runTask(store, keys.binsResult, async () => {
    const indexes = Array.from({ length: plan.numChunks }, (_, i) => i);
    const partitions = await mapLimited(indexes, STORE_REQUESTS, (i) =>
      getJson<PartitionResult>(store, keys.partitionResult(i)),
    );
    const numRows = partitions.reduce((sum, partition) => sum + partition.numRows, 0);
    if (numRows !== plan.params.samples) {
      throw new FormatError(`dataset of run ${runId} has ${numRows} rows, the plan says ${plan.params.samples}`);
    }
    const classCounts = partitions[0]!.classCounts.map((_, k) =>
      partitions.reduce((sum, { classCounts }) => sum + classCounts[k]!, 0),
    );
    if (classCounts.filter((count) => count > 0).length < 2) {
      throw new InputError(
        `the labels have one class only (rows per class: ${classCounts.join(', ')}); a forest needs two or more`,
      );
    }
    const samples = await mapLimited(indexes, STORE_REQUESTS, async (i) =>
      decodeSample(await store.get(keys.sample(i)), keys.sample(i)),
    );
    const isCategorical =
      plan.dataset.generator === 'file'
        ? (await getSchema(store, runId)).schema.features.map(({ type }) => type === 'categorical')
        : undefined;
    const edges = mergeSamples(samples).map((values, feature) => {
      if (isCategorical?.[feature]) return [];
      return [
        ...quantileEdges(
          values.filter((value) => !Number.isNaN(value)),
          plan.params.maxBins,
        ),
      ];
    });
    const ceilings = partitions.map(({ ceilingSum }) => ceilingSum);
    const accuracyCeiling = ceilings.includes(null)
      ? null
      : ceilings.reduce<number>((sum, part) => sum + part!, 0) / numRows;
    const ranges = edges.map((_, j) => {
      const known = partitions.flatMap(({ min, max }) => [min[j], max[j]]).filter((value) => value !== null);
      const least = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
      return toRange(
        least,
        known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
      );
    });
    const classStarts = plan.params.stratify ? startsOf(partitions) : undefined;
    return { classCounts, accuracyCeiling, edges, ranges, classStarts, isCategorical };
  });
}

function startsOf(partitions: readonly PartitionResult[]): number[][] {
  const before = partitions[0].classCounts.map(() => 0);
  return partitions.map(({ classCounts }) => {
    const starts = [...before];
    for (const [k, count] of classCounts.entries()) before[k] += count;
    return starts;
  });
}

/** The edges as the kernel takes them. */
export function toBinEdges(edges: number[][]): BinEdges {
  return edges.map((ofFeature) => Float32Array.from(ofFeature));
}
