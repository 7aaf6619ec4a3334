// The parameters of a hypercube dataset, drawn from its seed. They are small, so every worker draws them itself.

import { RandomStream, STREAM } from '../base/random.ts';
import type { Cluster } from './ceiling.ts';
import type { HypercubeSpec } from './spec.ts';

/** Indexes of draws in the model's stream. Each has its own, so that an option does not change other parameters. */
const PART = { vertices: 0, squeeze: 1, mixing: 2, redundant: 3, repeated: 4, shift: 5, scale: 6 } as const;

/**
 * Maps seeds to geometries. The geometry decides how hard a dataset is: over 200 seeds the ceiling at the defaults is
 * 0.944 ± 0.030 (scikit-learn's 0.946 ± 0.029). Chosen so that seed 0, the default, has the ceilings of scikit-learn's
 * random_state 0: 0.911 (0.911) at the defaults and 0.993 (0.993) with 10 informative features.
 */
const GEOMETRY = 241;

export interface HypercubeModel {
  clusters: Cluster[];
  /** End of each cluster (exclusive) if the rows are ordered by cluster, shape [clusters]. */
  clusterEnds: Uint32Array;
  /** Redundant = informative · this; row-major, shape [informative, redundant]. */
  redundantWeights: Float64Array;
  /** Feature that each repeated one copies, shape [repeated]. */
  repeatedFeatures: Uint32Array;
  /** In feature order, shape [features]. */
  shift: Float64Array;
  scale: Float64Array;
  /** Feature that each column holds, shape [features]. */
  columnOrder: Uint32Array;
}

export function drawModel(spec: Required<HypercubeSpec>): HypercubeModel {
  const { samples, features, seed, informative, redundant, repeated, classes, classSep, shift, scale } = spec;
  const stream = (part: number) => new RandomStream(seed, STREAM.model, GEOMETRY * 8 + part);
  const draw = (part: number, length: number, map: (unit: number) => number) => {
    const random = stream(part);
    return Float64Array.from({ length }, () => map(random.nextUnit()));
  };
  const numClusters = classes * spec.clustersPerClass;
  const sizes = sizeClusters(spec, numClusters);
  const vertices = drawVertices(numClusters, informative, stream(PART.vertices));
  const corners = vertices.map((vertex) => vertex.map((bit) => bit * 2 * classSep - classSep));
  const centroids = spec.hypercube ? corners : squeeze(corners, stream(PART.squeeze));
  const mixing = draw(PART.mixing, numClusters * informative ** 2, toSymmetric);
  let end = 0;
  return {
    clusters: centroids.map((centroid, k) => ({
      label: k % classes,
      share: sizes[k] / samples,
      centroid,
      mixing: mixing.subarray(k * informative ** 2, (k + 1) * informative ** 2),
    })),
    clusterEnds: Uint32Array.from(sizes, (size) => (end += size)),
    redundantWeights: draw(PART.redundant, informative * redundant, toSymmetric),
    repeatedFeatures: Uint32Array.from(
      draw(PART.repeated, repeated, (unit) => Math.floor((informative + redundant - 1) * unit + 0.5)),
    ),
    shift: perFeature(shift, features, () => draw(PART.shift, features, (unit) => toSymmetric(unit) * classSep)),
    scale: perFeature(scale, features, () => draw(PART.scale, features, (unit) => 1 + 100 * unit)),
    columnOrder: spec.shuffle
      ? new RandomStream(seed, STREAM.columnOrder).permutation(features)
      : Uint32Array.from({ length: features }, (_, j) => j),
  };
}

/** Map [0, 1) to [-1, 1). */
function toSymmetric(unit: number): number {
  return 2 * unit - 1;
}

/**
 * Rows of each cluster: its part of the class's share, rounded down; the remaining rows are dealt to the clusters in
 * turn.
 */
function sizeClusters(spec: Required<HypercubeSpec>, numClusters: number): number[] {
  const { samples, classes, clustersPerClass } = spec;
  let weights = spec.weights ?? new Array<number>(classes).fill(1 / classes);
  if (weights.length < classes)
    weights = [...weights, Math.max(0, 1 - weights.reduce((sum, weight) => sum + weight, 0))];
  let left = samples;
  const sizes = Array.from({ length: numClusters }, (_, k) => {
    const size = Math.min(left, Math.floor((samples * weights[k % classes]) / clustersPerClass));
    left -= size;
    return size;
  });
  return sizes.map((size, k) => size + Math.floor(left / numClusters) + (k < left % numClusters ? 1 : 0));
}

/** Most dimensions in which vertices are drawn without replacement; the bits of further dimensions are independent. */
const MAX_DISTINCT_BITS = 30;

/**
 * Draw distinct vertices of the unit hypercube. If all are needed they are in order, as in scikit-learn: at the
 * defaults the classes then alternate along the last dimension, and are never at opposite corners.
 */
function drawVertices(count: number, dimensions: number, random: RandomStream): Float64Array[] {
  const numBits = Math.min(dimensions, MAX_DISTINCT_BITS);
  const drawn = new Set<number>(); // iterates in order of insertion
  // takes about count × log(count) draws if all but one are needed
  while (drawn.size < count) drawn.add(count === 2 ** dimensions ? drawn.size : random.nextBelow(2 ** numBits));
  return Array.from(drawn, (vertex) =>
    Float64Array.from({ length: dimensions }, (_, j) => {
      const bit = dimensions - 1 - j;
      return bit < numBits ? (vertex >>> bit) & 1 : random.nextBelow(2);
    }),
  );
}

/** Scale each centroid, then each dimension, by a random factor from [0, 1). */
function squeeze(centroids: Float64Array[], random: RandomStream): Float64Array[] {
  const clusterFactors = centroids.map(() => random.nextUnit());
  const dimensionFactors = centroids[0].map(() => random.nextUnit());
  return centroids.map((centroid, k) => centroid.map((value, j) => value * clusterFactors[k] * dimensionFactors[j]));
}

function perFeature(
  value: number | readonly number[] | null,
  features: number,
  draw: () => Float64Array,
): Float64Array {
  if (value === null) return draw();
  return typeof value === 'number' ? new Float64Array(features).fill(value) : Float64Array.from(value);
}
