// The Bayes ceiling: the accuracy of the best possible classifier, which knows how the data were made.

import { exp, log } from '../base/numeric.ts';

/**
 * Probabilities are rounded to 1 / CEILING_UNITS before they are added: sums over up to 2^32 rows are then exact, and
 * the ceiling is the same for any chunk size.
 */
export const CEILING_UNITS = 2 ** 21;

export interface Cluster {
  /** Class of its rows. */
  label: number;
  /** Share of all rows, from 0 to 1. */
  share: number;
  /** Shape [dimensions]. */
  centroid: Float64Array;
  /** Turns standard normal z into z · mixing + centroid; row-major, shape [dimensions, dimensions]. */
  mixing: Float64Array;
}

/** Gaussian clusters, of which several may have the same label. */
export class GaussianMixture {
  readonly #numClasses: number;
  readonly #dimensions: number;
  readonly #labels: number[];
  readonly #centroids: Float64Array[];
  readonly #inverses: Float64Array[];
  /** log(share / |det mixing|): the log-density at the centroid, up to a constant that all clusters share. */
  readonly #peaks: number[];
  readonly #densities: Float64Array;
  readonly #classDensities: Float64Array;

  constructor(clusters: readonly Cluster[], numClasses: number) {
    const inverted = clusters.map((cluster) => invert(cluster.mixing, cluster.centroid.length));
    this.#numClasses = numClasses;
    this.#dimensions = clusters[0].centroid.length;
    this.#labels = clusters.map((cluster) => cluster.label);
    this.#centroids = clusters.map((cluster) => cluster.centroid);
    this.#inverses = inverted.map(({ inverse }) => inverse);
    this.#peaks = clusters.map((cluster, k) => log(cluster.share) - inverted[k].logDeterminant);
    this.#densities = new Float64Array(clusters.length);
    this.#classDensities = new Float64Array(numClasses);
  }

  /**
   * Probability of the most likely class of x. Allocates nothing.
   *
   * @param x shape [dimensions] or longer
   * @param source index of the cluster that x was drawn from
   * @param sourceSquares squared length of the z that x was made from: exact even if the mixing of the source is nearly
   *   singular
   */
  maxPosterior(x: Float64Array, source: number, sourceSquares: number): number {
    const densities = this.#densities;
    let largest = -Infinity;
    for (let k = 0; k < densities.length; k++) {
      const density = this.#peaks[k] - 0.5 * (k === source ? sourceSquares : this.#squares(x, k));
      densities[k] = density;
      if (density > largest) largest = density;
    }
    const classDensities = this.#classDensities;
    classDensities.fill(0);
    let total = 0;
    for (let k = 0; k < densities.length; k++) {
      const density = exp(densities[k] - largest);
      classDensities[this.#labels[k]] += density;
      total += density;
    }
    let best = 0;
    for (let label = 0; label < this.#numClasses; label++) {
      if (classDensities[label] > best) best = classDensities[label];
    }
    return best / total;
  }

  /** Squared length of the z from which cluster k would make x. */
  #squares(x: Float64Array, k: number): number {
    const dimensions = this.#dimensions;
    const centroid = this.#centroids[k];
    const inverse = this.#inverses[k];
    let squares = 0;
    for (let j = 0; j < dimensions; j++) {
      let z = 0;
      for (let i = 0; i < dimensions; i++) z += (x[i] - centroid[i]) * inverse[i * dimensions + j];
      squares += z * z;
    }
    return squares;
  }
}

/**
 * Replaces a pivot that is 0 or nearly 0: the cluster then has a density of about 0 everywhere but on its own rows, and
 * the squares of the inverse's entries do not overflow.
 */
const SMALLEST_PIVOT = 1e-100;

/** Gauss-Jordan elimination with partial pivoting. */
export function invert(matrix: Float64Array, n: number): { inverse: Float64Array; logDeterminant: number } {
  const left = matrix.slice();
  const right = new Float64Array(n * n);
  for (let i = 0; i < n; i++) right[i * n + i] = 1;
  let logDeterminant = 0;
  for (let column = 0; column < n; column++) {
    let pivotRow = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(left[i * n + column]) > Math.abs(left[pivotRow * n + column])) pivotRow = i;
    }
    swapRows(left, n, column, pivotRow);
    swapRows(right, n, column, pivotRow);
    let pivot = left[column * n + column];
    if (Math.abs(pivot) < SMALLEST_PIVOT) pivot = SMALLEST_PIVOT;
    logDeterminant += log(Math.abs(pivot));
    for (let j = 0; j < n; j++) {
      left[column * n + j] /= pivot;
      right[column * n + j] /= pivot;
    }
    for (let i = 0; i < n; i++) {
      const factor = left[i * n + column];
      if (i === column || factor === 0) continue;
      for (let j = 0; j < n; j++) {
        left[i * n + j] -= factor * left[column * n + j];
        right[i * n + j] -= factor * right[column * n + j];
      }
    }
  }
  return { inverse: right, logDeterminant };
}

function swapRows(matrix: Float64Array, n: number, a: number, b: number): void {
  if (a === b) return;
  const row = matrix.slice(a * n, (a + 1) * n);
  matrix.copyWithin(a * n, b * n, (b + 1) * n);
  matrix.set(row, b * n);
}
