import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator, type GeneratedRows } from '../../../lib/datasets/generator.ts';
import type { HypercubeDescription } from '../../../lib/datasets/hypercube.ts';
import type { HypercubeSpec } from '../../../lib/datasets/spec.ts';

interface Made extends GeneratedRows {
  model: HypercubeDescription;
  /** Column that holds a feature. */
  column(feature: number): Float32Array;
}

function make(change: Partial<HypercubeSpec> = {}): Made {
  const spec: HypercubeSpec = { generator: 'hypercube', samples: 2000, features: 8, seed: 1, ...change };
  const generator = createGenerator(spec);
  const model = generator.describe() as HypercubeDescription;
  const rows = generator.generate(0, spec.samples);
  const column = (feature: number) => rows.columns[model.columns.findIndex((item) => item.feature === feature)];
  return { ...rows, model, column };
}

function countLabels({ labels }: GeneratedRows, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

function assertClose(actual: number, expected: number, tolerance: number, what = 'value'): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is not ${expected} ± ${tolerance}`);
}

test('the mean of each cluster is its centroid, and its covariance is A transposed times A', () => {
  const samples = 40_000;
  const { model, column } = make({ samples, informative: 3, shuffle: false, flipY: 0 });
  const informative = [0, 1, 2].map(column);
  let start = 0;
  for (const { rows, centroid, mixing } of model.clusters) {
    const columns = informative.map((values) => values.subarray(start, start + rows));
    start += rows;
    const dot = (i: number, j: number) => mixing!.reduce((sum, row) => sum + row[i] * row[j], 0);
    for (let i = 0; i < 3; i++) {
      // five standard errors, of a mean and of a covariance of normal variables
      assertClose(mean(columns[i]), centroid[i], 5 * Math.sqrt(dot(i, i) / rows), 'mean');
      for (let j = 0; j <= i; j++) {
        const covariance = mean(columns[i].map((x, row) => (x - centroid[i]) * (columns[j][row] - centroid[j])));
        const error = Math.sqrt((dot(i, i) * dot(j, j) + dot(i, j) ** 2) / rows);
        assertClose(covariance, dot(i, j), 5 * error, 'covariance');
      }
    }
  }
  assert.equal(start, samples);
});

test('without shuffling, rows are grouped by cluster, and columns by role', () => {
  const { model, labels } = make({ samples: 11, repeated: 1, shuffle: false, flipY: 0 });
  assert.deepEqual([...labels], [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1]);
  assert.deepEqual(
    model.columns.map(({ role }) => role),
    ['informative', 'informative', 'redundant', 'redundant', 'repeated', 'random', 'random', 'random'],
  );
});

test('shuffling moves rows and columns, and keeps the number of rows of each class', () => {
  const shuffled = make({ flipY: 0, samples: 1001 });
  assert.deepEqual(countLabels(shuffled, 2), [501, 500]);
  assert.deepEqual(shuffled.model.columns.map(({ feature }) => feature).sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
  const firstHalf = mean(shuffled.labels.subarray(0, 500));
  assertClose(firstHalf, 0.5, 0.1, 'share of class 1 in the first half');
});

// int(samples * weight / clustersPerClass) to each cluster, the rest one each in turn, as scikit-learn
const SIZES: [change: Partial<HypercubeSpec>, counts: number[]][] = [
  [{ samples: 10 }, [5, 5]],
  [{ samples: 7, classes: 3, clustersPerClass: 1 }, [3, 2, 2]],
  [{ samples: 1000, weights: [0.9, 0.1] }, [900, 100]],
  [{ samples: 1000, weights: [0.25] }, [250, 750]],
  [{ samples: 1001, weights: [0.7] }, [351 + 350, 150 + 150]],
  [{ samples: 1000, weights: [0.2, 0.3] }, [200 + 250, 300 + 250]],
  [{ samples: 1000, weights: [0, 1] }, [0, 1000]],
  [{ samples: 3, classes: 2, clustersPerClass: 2 }, [2, 1]],
  [{ samples: 1000, classes: 10, informative: 5, weights: new Array(10).fill(0.1) }, new Array(10).fill(100)],
];

for (const [change, counts] of SIZES) {
  test(`class counts are exact: ${JSON.stringify(change)} gives ${counts}`, () => {
    assert.deepEqual(countLabels(make({ ...change, flipY: 0 }), counts.length), counts);
  });
}

test('flipY redraws that share of the labels over all K classes, so that (K - 1) / K of them change', () => {
  const change = { samples: 20_000, classes: 4, clustersPerClass: 1 };
  const before = make({ ...change, flipY: 0 });
  for (const flipY of [0.01, 0.3, 1]) {
    const after = make({ ...change, flipY });
    assert.deepEqual(after.columns, before.columns);
    const flipped = mean(after.labels.map((label, i) => Number(label !== before.labels[i])));
    const expected = (flipY * 3) / 4;
    assertClose(flipped, expected, 4 * Math.sqrt((expected * (1 - expected)) / change.samples), `flipY ${flipY}`);
  }
  const random = countLabels(make({ ...change, flipY: 1, weights: [0.7, 0.1, 0.1] }), 4);
  for (const count of random) assertClose(count, 5000, 4 * Math.sqrt(20_000 * 0.25 * 0.75));
});

test('redundant columns are the described linear map of the informative ones', () => {
  const { model, column } = make({ informative: 3, redundant: 3 });
  assert.equal(model.redundantWeights.length, 3);
  for (let j = 0; j < 3; j++) {
    const expected = column(0).map((_, row) =>
      model.redundantWeights.reduce((sum, weights, i) => sum + weights[j] * column(i)[row], 0),
    );
    for (const [row, value] of column(3 + j).entries()) assertClose(value, expected[row], 2e-6);
  }
});

test('repeated columns equal the columns they copy, bit for bit', () => {
  const { model, column } = make({ features: 12, repeated: 6 });
  assert.equal(model.repeatedFeatures.length, 6);
  for (const [j, feature] of model.repeatedFeatures.entries()) assert.deepEqual(column(4 + j), column(feature));
  assert.equal(model.columns.filter(({ role }) => role === 'repeated').length, 6);
});

test('repeated features are drawn from all informative and redundant ones, the two ends half as often', () => {
  const counts = new Array<number>(4).fill(0);
  for (let seed = 0; seed < 300; seed++) {
    for (const feature of make({ seed, samples: 1, repeated: 4 }).model.repeatedFeatures) counts[feature]++;
  }
  for (const [feature, share] of [1 / 6, 1 / 3, 1 / 3, 1 / 6].entries()) {
    assertClose(counts[feature], 1200 * share, 4 * Math.sqrt(1200 * share * (1 - share)), `feature ${feature}`);
  }
});

test('random columns are standard normal', () => {
  const { column, numRows } = make({ samples: 20_000 });
  for (const feature of [4, 5, 6, 7]) {
    assertClose(mean(column(feature)), 0, 4 / Math.sqrt(numRows));
    assertClose(mean(column(feature).map((x) => x * x)), 1, 4 * Math.sqrt(2 / numRows));
  }
});

test('values are (value + shift) × scale, with lists in feature order', () => {
  const plain = make();
  const list = [0, 1, 2, 3, 4, 5, 6, 7];
  const cases: [change: Partial<HypercubeSpec>, shift: (j: number) => number, scale: (j: number) => number][] = [
    [{ shift: 2.5 }, () => 2.5, () => 1],
    [{ scale: -3 }, () => 0, () => -3],
    [{ shift: list, scale: list.map((x) => x + 1) }, (j) => j, (j) => j + 1],
  ];
  for (const [change, shift, scale] of cases) {
    const { column, labels } = make(change);
    assert.deepEqual(labels, plain.labels);
    for (const j of list) {
      for (const [row, value] of column(j).entries()) {
        const expected = (plain.column(j)[row] + shift(j)) * scale(j);
        assertClose(value, expected, 1e-6 * (1 + Math.abs(expected)), `feature ${j}`);
      }
    }
  }
});

test('null draws shifts from [-classSep, classSep) and scales from [1, 101), described column by column', () => {
  const plain = make({ features: 300, samples: 5, classSep: 2 });
  const { column, model } = make({ features: 300, samples: 5, classSep: 2, shift: null, scale: null });
  const shifts = model.columns.map(({ shift }) => shift);
  const scales = model.columns.map(({ scale }) => scale);
  assertClose(Math.min(...shifts), -2, 0.1);
  assertClose(Math.max(...shifts), 2, 0.1);
  assertClose(Math.min(...scales), 1, 2);
  assertClose(Math.max(...scales), 101, 2);
  for (const { feature, shift, scale } of model.columns) {
    for (const [row, x] of column(feature).entries()) {
      assertClose(x, (plain.column(feature)[row] + shift) * scale, 1e-4);
    }
  }
});

test('centroids are distinct vertices at classSep from every axis', () => {
  const { model } = make({ features: 10, informative: 6, classes: 8, clustersPerClass: 7, classSep: 1.5 });
  assert.equal(new Set(model.clusters.map(({ centroid }) => centroid.join())).size, 56);
  assert.ok(model.clusters.every(({ centroid }) => centroid.every((x) => Math.abs(x) === 1.5)));
  assert.deepEqual(
    model.clusters.slice(0, 9).map(({ label }) => label),
    [0, 1, 2, 3, 4, 5, 6, 7, 0],
  );
});

test('if all vertices are used they are in order, so that classes alternate along the last dimension', () => {
  const { model } = make({ seed: 5 });
  const centroids = model.clusters.map(({ centroid }) => centroid);
  assert.deepEqual(centroids, [
    [-1, -1],
    [-1, 1],
    [1, -1],
    [1, 1],
  ]);
});

test('above 30 dimensions vertices are still distinct, and every dimension has both values', () => {
  const change = { samples: 100, features: 40, informative: 40, redundant: 0, classes: 4, clustersPerClass: 16 };
  const { model, ceilingSum, columns } = make(change);
  assert.equal(new Set(model.clusters.map(({ centroid }) => centroid.slice(10).join())).size, 64);
  for (let j = 0; j < 40; j++) {
    assert.equal(new Set(model.clusters.map(({ centroid }) => centroid[j])).size, 2, `dimension ${j}`);
  }
  // 64 × 40 × 40 entries: neither described nor used for a ceiling
  assert.equal(ceilingSum, null);
  assert.equal(model.clusters[0].mixing, undefined);
  assert.ok(columns.every((column) => column.every(Number.isFinite)));
});

test('hypercube: false scales each centroid and each dimension by one factor', () => {
  const { model } = make({ informative: 3, hypercube: false, classSep: 2 });
  const sizes = model.clusters.map(({ centroid }) => centroid.map(Math.abs));
  for (const size of sizes) {
    assert.ok(size.every((x) => x < 2));
    // a product of a cluster's factor and a dimension's: any two rows are proportional
    assertClose(size[0] * sizes[0][1], size[1] * sizes[0][0], 1e-15);
    assertClose(size[0] * sizes[0][2], size[2] * sizes[0][0], 1e-15);
  }
  assert.notEqual(sizes[0][0], sizes[1][0]);
  assert.notEqual(sizes[0][0], sizes[0][1]);
});

test('the ceiling is the accuracy of a nearest-density classifier, flips included', () => {
  for (const change of [{}, { flipY: 0.4 }, { weights: [0.8] }, { classes: 4, clustersPerClass: 1, classSep: 0.5 }]) {
    const samples = 20_000;
    const { model, column, labels, ceilingSum } = make({ samples, ...change });
    const [x, y] = [column(0), column(1)];
    let right = 0;
    for (let i = 0; i < samples; i++) {
      const byClass = [0, 0, 0, 0];
      for (const { label, rows, centroid, mixing } of model.clusters) {
        const [[a, b], [c, d]] = mixing!;
        const [u, v] = [x[i] - centroid[0], y[i] - centroid[1]];
        const det = a * d - b * c;
        const squares = ((u * d - v * c) / det) ** 2 + ((v * a - u * b) / det) ** 2;
        byClass[label] += (rows * Math.exp(-squares / 2)) / Math.abs(det);
      }
      if (byClass.indexOf(Math.max(...byClass)) === labels[i]) right++;
    }
    assertClose(right / samples, ceilingSum! / samples, 4 * Math.sqrt(0.25 / samples), JSON.stringify(change));
  }
});

// scikit-learn's random_state 0 has 0.9108 and 0.9934, from the densities of its own clusters
test('seed 0, the default, is as hard as random_state 0 of scikit-learn', () => {
  const ceiling = (informative: number) => {
    const samples = 20_000;
    return make({ seed: 0, features: 20, samples, informative }).ceilingSum! / samples;
  };
  assertClose(ceiling(2), 0.911, 0.003);
  assertClose(ceiling(10), 0.993, 0.001);
});

const CHANGES: Partial<HypercubeSpec>[] = [
  { informative: 3 },
  { redundant: 3 },
  { redundant: 1 },
  { repeated: 1 },
  { classes: 4, clustersPerClass: 1 },
  { clustersPerClass: 1 },
  { weights: [0.6] },
  { flipY: 0.2 },
  { classSep: 2 },
  { hypercube: false },
  { shift: 1 },
  { shift: null },
  { scale: 2 },
  { scale: null },
  { shuffle: false },
  { samples: 1999 },
  { features: 9 },
];

for (const change of CHANGES) {
  test(`option ${JSON.stringify(change)} changes the rows`, () => {
    const rows = ({ columns, labels }: Made) => ({ columns, labels });
    assert.notDeepEqual(rows(make(change)), rows(make()));
  });
}
