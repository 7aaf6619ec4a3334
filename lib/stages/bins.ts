// Bins: the edges that all partitions share, and the check that every row is there.

import { FormatError, InputError } from '../base/errors.ts';
import { quantileEdges } from '../forest/bins.ts';
import type { ValueRange } from '../forest/model.ts';
import { toRange } from '../forest/ranges.ts';
import { getSchema } from '../ingest/results.ts';
import { mergeSums, nearestSum } from '../metrics/exact-sum.ts';
import { type R2Partial, r2 } from '../metrics/r2.ts';
import { decodeSample } from '../partition/arrow.ts';
import type { BinEdges } from '../partition/rows.ts';
import { mergeSamples } from '../partition/sample.ts';
import { importanceRows } from '../plan/importance-rows.ts';
import type { RunParams } from '../plan/params.ts';
import type { Plan } from '../plan/plan.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, runTask, STORE_REQUESTS } from '../store/task.ts';
import type { PartitionResult } from './generate.ts';
import { chooseDonors } from './importance.ts';

export interface BinsTask {
  kind: 'bins';
  runId: string;
}

/** Range and mean of the label in the whole dataset. */
export interface ValueRangeAndMean {
  min: number;
  max: number;
  mean: number;
}

export interface BinsResult {
  /** Rows of each class in the whole data set; empty for regression. */
  classCounts: number[];
  /** Regression only. */
  values?: ValueRangeAndMean;
  /** R² of the values without their noise on the whole data set; null when the generator does not know it. */
  r2Ceiling?: number | null;
  /** Best possible accuracy on this data, mean over all rows; null when the generator does not know it. */
  accuracyCeiling: number | null;
  /** Upper edges of the bins of each feature; none of a categorical one. */
  edges: number[][];
  /** Smallest and largest value of each feature in the whole data set; absent in runs of an earlier version. */
  ranges?: ValueRange[];
  /** Rows of each class before each partition, where the split is stratified; shape [numPartitions][numClasses]. */
  classStarts?: number[][];
  /** Whether each feature is categorical; absent when none is. */
  isCategorical?: boolean[];
  /** Values drawn from the distribution of each feature, for permutation importance; empty without it. */
  donors: number[][];
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
    const classCounts = partitions[0].classCounts.map((_, k) =>
      partitions.reduce((sum, { classCounts }) => sum + classCounts[k], 0),
    );
    const ofValues = plan.numClasses === 0 ? joinValues(partitions, plan.params.criterion) : undefined;
    if (!ofValues && classCounts.filter((count) => count > 0).length < 2) {
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
    const merged = mergeSamples(samples);
    const edges = merged.map((values, feature) => {
      if (isCategorical?.[feature]) return [];
      return [
        ...quantileEdges(
          values.filter((value) => !Number.isNaN(value)),
          plan.params.maxBins,
        ),
      ];
    });
    const donors = importanceRows(plan) > 0 ? merged.map(chooseDonors) : [];
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
    const classStarts = plan.params.stratify ? countBefore(partitions) : undefined;
    return { classCounts, ...ofValues, accuracyCeiling, edges, donors, ranges, classStarts, isCategorical };
  });
}

/** @throws {InputError} when all labels are equal, or the criterion does not support them */
function joinValues(
  partitions: readonly PartitionResult[],
  criterion: RunParams['criterion'],
): Pick<BinsResult, 'values' | 'r2Ceiling'> {
  const statistics = partitions.map(({ values }) => values!);
  const min = statistics.reduce((least, part) => Math.min(least, part.min), Number.POSITIVE_INFINITY);
  const max = statistics.reduce((most, part) => Math.max(most, part.max), Number.NEGATIVE_INFINITY);
  if (min === max) throw new InputError(`the label is ${min} in all rows; there is nothing to learn`);
  if (criterion === 'poisson' && (min < 0 || max === 0)) {
    throw new InputError(`criterion poisson needs labels ≥ 0, some of them above, got ${min} to ${max}`);
  }
  const numRows = partitions.reduce((sum, partition) => sum + partition.numRows, 0);
  const mean = nearestSum(mergeSums(statistics.map(({ sum }) => sum))) / numRows;
  const ceilings = statistics.map(({ ceiling }) => ceiling);
  const r2Ceiling = ceilings.includes(null) ? null : r2.value(r2.merge(ceilings as R2Partial[]));
  return { values: { min, max, mean }, r2Ceiling };
}

function countBefore(partitions: readonly PartitionResult[]): number[][] {
  const before = partitions[0].classCounts.map(() => 0);
  return partitions.map(({ classCounts }) => {
    const starts = [...before];
    for (const [k, count] of classCounts.entries()) before[k] += count;
    return starts;
  });
}

/** Convert the edges to the arrays of the kernel. */
export function toBinEdges(edges: number[][]): BinEdges {
  return edges.map((ofFeature) => Float32Array.from(ofFeature));
}
