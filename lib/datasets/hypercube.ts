// scikit-learn's make_classification, one row at a time.
//
// The same model and the same parameters, drawn from our own random numbers: values differ from numpy's, their
// distribution does not. scikit-learn shuffles the rows; here a keyed permutation assigns each row to a cluster, so
// that class counts are exact over the whole dataset and no chunk reads another. Source:
// sklearn/datasets/_samples_generator.py of scikit-learn 1.9.1; Guyon, "Design of experiments for the NIPS 2003
// variable selection benchmark", 2003.

import { normalQuantile } from '../base/numeric.ts';
import { KeyedPermutation, RandomStream, STREAM } from '../base/random.ts';
import type { RawRows } from '../partition/rows.ts';
import { CEILING_UNITS, GaussianMixture } from './ceiling.ts';
import { drawModel, type HypercubeModel } from './hypercube-model.ts';
import type { RowSource } from './row-source.ts';
import type { HypercubeSpec } from './spec.ts';

/**
 * Most entries in all mixing matrices for which the ceiling is computed and the matrices are described. A row takes one
 * multiplication for each entry (up to about 5 µs), and the description stays below 100 KB. Four clusters reach the
 * limit at 32 informative features.
 */
const MAX_CEILING_MIXING = 4096;

export function createHypercube(spec: Required<HypercubeSpec>): RowSource {
  const { samples, features, seed, informative, redundant, repeated, classes, flipY } = spec;
  const model = drawModel(spec);
  const { clusters, clusterEnds, redundantWeights, repeatedFeatures, columnOrder } = model;
  const shift = Float64Array.from(columnOrder, (feature) => model.shift[feature]);
  const scale = Float64Array.from(columnOrder, (feature) => model.scale[feature]);
  const hasCeiling = clusters.length * informative ** 2 <= MAX_CEILING_MIXING;
  const mixture = hasCeiling ? new GaussianMixture(clusters, classes) : null;
  const rowOrder = spec.shuffle ? new KeyedPermutation(samples, seed, STREAM.rowOrder) : null;
  const values = new RandomStream(seed, STREAM.values);
  const noise = new RandomStream(seed, STREAM.labels);
  const normals = new Float64Array(informative);
  const x = new Float64Array(features); // one row, in feature order
  const repeatedStart = informative + redundant;
  const randomStart = repeatedStart + repeated;

  return {
    numClasses: classes,
    describe: () => describe(spec, model, hasCeiling),
    fill({ numRows, rowIndex, columns, labels }: RawRows) {
      let ceilingUnits = 0;
      for (let i = 0; i < numRows; i++) {
        const row = rowIndex[i];
        const k = firstAbove(clusterEnds, rowOrder === null ? row : rowOrder.at(row));
        const { label, centroid, mixing } = clusters[k];

        values.seek(row);
        let squares = 0;
        for (let j = 0; j < informative; j++) {
          const z = normalQuantile(values.nextOpen());
          normals[j] = z;
          squares += z * z;
        }
        for (let j = 0; j < informative; j++) x[j] = centroid[j] + dotColumn(normals, mixing, informative, j);
        for (let j = 0; j < redundant; j++) {
          x[informative + j] = dotColumn(x, redundantWeights, redundant, j);
        }
        for (let j = 0; j < repeated; j++) x[repeatedStart + j] = x[repeatedFeatures[j]];
        for (let j = randomStart; j < features; j++) x[j] = normalQuantile(values.nextOpen());
        for (let j = 0; j < features; j++) columns[j][i] = (x[columnOrder[j]] + shift[j]) * scale[j];

        labels[i] = label;
        if (flipY > 0 && noise.seek(row).nextUnit() < flipY) labels[i] = noise.nextBelow(classes);
        if (mixture !== null) {
          const best = (1 - flipY) * mixture.maxPosterior(x, k, squares) + flipY / classes;
          ceilingUnits += Math.round(best * CEILING_UNITS);
        }
      }
      return mixture === null ? null : ceilingUnits / CEILING_UNITS;
    },
  };
}

/** Index of the first element above `value` in an ascending array; the last must be above it. */
function firstAbove(ends: Uint32Array, value: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Product of the row vector with column j of a row-major matrix of `numColumns` columns. */
function dotColumn(row: Float64Array, matrix: Float64Array, numColumns: number, j: number): number {
  let sum = 0;
  for (let i = 0, at = j; at < matrix.length; i++, at += numColumns) sum += row[i] * matrix[at];
  return sum;
}

type Role = 'informative' | 'redundant' | 'repeated' | 'random';

/** Numbers are those used before rounding to float32. A type, not an interface, so that it is assignable to JSON. */
export type HypercubeDescription = {
  generator: 'hypercube';
  /** Role of each column; `feature` is its index before the columns were shuffled. */
  columns: { role: Role; feature: number; shift: number; scale: number }[];
  /** Rows of a cluster are z · mixing + centroid with standard normal z; mixing is omitted where it is large. */
  clusters: { label: number; rows: number; centroid: number[]; mixing?: number[][] }[];
  /** Redundant features are informative · this, shape [informative, redundant]. */
  redundantWeights: number[][];
  /** Feature that each repeated one copies. */
  repeatedFeatures: number[];
};

function describe(spec: Required<HypercubeSpec>, model: HypercubeModel, hasMixing: boolean): HypercubeDescription {
  const { informative, redundant, repeated } = spec;
  const { clusterEnds, shift, scale } = model;
  const role = (feature: number): Role => {
    if (feature < informative) return 'informative';
    if (feature < informative + redundant) return 'redundant';
    return feature < informative + redundant + repeated ? 'repeated' : 'random';
  };
  return {
    generator: 'hypercube',
    columns: Array.from(model.columnOrder, (feature) => ({
      role: role(feature),
      feature,
      shift: shift[feature],
      scale: scale[feature],
    })),
    clusters: model.clusters.map(({ label, centroid, mixing }, k) => ({
      label,
      rows: clusterEnds[k] - (k === 0 ? 0 : clusterEnds[k - 1]),
      centroid: Array.from(centroid),
      ...(hasMixing && { mixing: toRows(mixing, informative, informative) }),
    })),
    redundantWeights: toRows(model.redundantWeights, informative, redundant),
    repeatedFeatures: Array.from(model.repeatedFeatures),
  };
}

function toRows(matrix: Float64Array, numRows: number, numColumns: number): number[][] {
  return Array.from({ length: numRows }, (_, i) => Array.from(matrix.subarray(i * numColumns, (i + 1) * numColumns)));
}
