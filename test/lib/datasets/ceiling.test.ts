import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { type Cluster, GaussianMixture, invert } from '../../../lib/datasets/ceiling.ts';

const cluster = (label: number, share: number, centroid: number[], mixing: number[]): Cluster => ({
  label,
  share,
  centroid: Float64Array.from(centroid),
  mixing: Float64Array.from(mixing),
});

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}

test('a matrix times its inverse is the identity, and the determinant of a diagonal one is known', () => {
  const random = new RandomStream(1, STREAM.model);
  for (const n of [1, 2, 5, 12]) {
    const matrix = Float64Array.from({ length: n * n }, () => 2 * random.nextUnit() - 1);
    const { inverse } = invert(matrix, n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let product = 0;
        for (let k = 0; k < n; k++) product += matrix[i * n + k] * inverse[k * n + j];
        assertClose(product, i === j ? 1 : 0, 1e-10);
      }
    }
  }
  // the zero on the diagonal needs a swap of rows
  assertClose(invert(Float64Array.of(0, 2, -3, 5), 2).logDeterminant, Math.log(6), 1e-15);
});

test('two unit Gaussians at -1 and 1 give the logistic of 2x', () => {
  const mixture = new GaussianMixture([cluster(0, 0.5, [-1], [1]), cluster(1, 0.5, [1], [1])], 2);
  for (const x of [-3, -0.2, 0, 0.7, 2]) {
    const p = 1 / (1 + Math.exp(-2 * Math.abs(x)));
    assertClose(mixture.maxPosterior(Float64Array.of(x), 0, (x + 1) ** 2), p, 1e-14);
  }
});

test('the posterior equals plain densities: several clusters per class, shares, an empty cluster', () => {
  const clusters = [
    cluster(0, 0.3, [1, 1], [0.5, -0.2, 0.3, 0.9]),
    cluster(1, 0.4, [-1, 1], [-0.7, 0.1, 0.6, 0.4]),
    cluster(0, 0.3, [-1, -1], [0.2, 0.8, -0.5, 0.3]),
    cluster(1, 0, [1, -1], [0.9, 0.1, 0.2, 0.8]),
  ];
  const mixture = new GaussianMixture(clusters, 2);
  const squares = (x: number[], { centroid, mixing: [a, b, c, d] }: Cluster) => {
    const [u, v] = [x[0] - centroid[0], x[1] - centroid[1]];
    const determinant = a * d - b * c;
    return ((u * d - v * c) / determinant) ** 2 + ((v * a - u * b) / determinant) ** 2;
  };
  const density = (x: number[], k: Cluster) => {
    const [a, b, c, d] = k.mixing;
    return (k.share * Math.exp(-squares(x, k) / 2)) / Math.abs(a * d - b * c);
  };
  const random = new RandomStream(2, STREAM.model);
  for (let i = 0; i < 200; i++) {
    const x = [random.nextUnit() * 4 - 2, random.nextUnit() * 4 - 2];
    const byClass = [0, 0];
    for (const k of clusters) byClass[k.label] += density(x, k);
    const expected = Math.max(...byClass) / (byClass[0] + byClass[1]);
    assertClose(mixture.maxPosterior(Float64Array.from(x), 1, squares(x, clusters[1])), expected, 1e-12);
  }
});

test('a cluster with a singular mixing has posterior 1 on its own rows and 0 elsewhere', () => {
  const mixture = new GaussianMixture(
    [cluster(0, 0.5, [0, 0], [1, 1, 1, 1]), cluster(1, 0.5, [1, 0], [1, 0, 0, 1])],
    2,
  );
  assert.equal(mixture.maxPosterior(Float64Array.of(0.3, 0.3), 0, 0.09), 1);
  assert.equal(mixture.maxPosterior(Float64Array.of(0.3, 0.2), 1, 0.5), 1);
});

test('rows far from every cluster still have a posterior', () => {
  const mixture = new GaussianMixture([cluster(0, 0.5, [-1], [1]), cluster(1, 0.5, [1], [1])], 2);
  assert.equal(mixture.maxPosterior(Float64Array.of(1e8), 1, (1e8 - 1) ** 2), 1);
});
