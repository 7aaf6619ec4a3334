import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGenerator } from '../../../lib/datasets/generator.ts';
import type { HypercubeDescription } from '../../../lib/datasets/hypercube.ts';
import type { HypercubeSpec } from '../../../lib/datasets/spec.ts';

const SEEDS = 200;
const ROWS = 1000;

const QUANTITIES = [
  'informativeVariance',
  'redundantVariance',
  'randomVariance',
  'randomMean',
  'correlation',
  'classDistance',
  'class0Share',
] as const;
type Quantity = (typeof QUANTITIES)[number];

interface Case {
  name: string;
  spec: Partial<HypercubeSpec> & { features: number };
  /** Mean and standard deviation over seeds. */
  expected: Record<Quantity, [mean: number, deviation: number]>;
}

// Printed by bench/reference/make_classification.py with scikit-learn 1.9.1.
const CASES: Case[] = [
  {
    name: 'defaults',
    spec: { features: 20 },
    expected: {
      informativeVariance: [1.65739, 0.16021],
      redundantVariance: [1.10395, 0.54301],
      randomVariance: [0.99956, 0.0118],
      randomMean: [0.02535, 0.00507],
      correlation: [0.55951, 0.0643],
      classDistance: [1.01216, 0.029],
      class0Share: [0.50018, 0.00229],
    },
  },
  {
    name: 'three classes, weights, flips, repeated features',
    spec: {
      features: 12,
      informative: 5,
      redundant: 3,
      repeated: 2,
      classes: 3,
      weights: [0.6, 0.3],
      flipY: 0.1,
      classSep: 1.5,
    },
    expected: {
      informativeVariance: [3.46162, 0.25624],
      redundantVariance: [5.84723, 1.97905],
      randomVariance: [0.99499, 0.03313],
      randomMean: [0.02421, 0.01372],
      correlation: [0.34973, 0.04177],
      classDistance: [1.07552, 0.37198],
      class0Share: [0.57347, 0.00763],
    },
  },
  {
    name: 'no hypercube, three clusters per class',
    spec: { features: 8, informative: 3, clustersPerClass: 3, hypercube: false, classSep: 2, flipY: 0 },
    expected: {
      informativeVariance: [1.42409, 0.29156],
      redundantVariance: [1.45241, 0.65962],
      randomVariance: [0.99794, 0.02516],
      randomMean: [0.02521, 0.01082],
      correlation: [0.42026, 0.05085],
      classDistance: [0.43177, 0.24172],
      class0Share: [0.5, 0],
    },
  },
  {
    name: 'random shift and scale',
    spec: { features: 8, shift: null, scale: null, classSep: 3 },
    expected: {
      informativeVariance: [34279.01361, 21089.33186],
      redundantVariance: [23047.58978, 20940.21644],
      randomVariance: [3436.65472, 1587.23997],
      randomMean: [78.14627, 36.34333],
      correlation: [0.54481, 0.05767],
      classDistance: [153.08399, 90.86134],
      class0Share: [0.49993, 0.00228],
    },
  },
];

const average = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
const mean = (column: Float32Array) => column.reduce((sum, x) => sum + x, 0) / column.length;

function covariance(a: Float32Array, b: Float32Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  return a.reduce((sum, x, i) => sum + (x - meanA) * (b[i] - meanB), 0) / a.length;
}

function measure(spec: HypercubeSpec): Record<Quantity, number> {
  const generator = createGenerator(spec);
  const { columns, labels } = generator.generate(0, spec.samples);
  const { columns: described } = generator.describe() as HypercubeDescription;
  const ofRole = (role: string) => columns.filter((_, j) => described[j].role === role);
  const [informative, redundant, random] = [ofRole('informative'), ofRole('redundant'), ofRole('random')];
  const linear = [...informative, ...redundant];
  const variances = linear.map((column) => covariance(column, column));
  const correlations = linear.flatMap((a, i) =>
    linear.slice(0, i).map((b, j) => Math.abs(covariance(a, b)) / Math.sqrt(variances[i] * variances[j])),
  );
  const classMean = (column: Float32Array, label: number) => mean(column.filter((_, i) => labels[i] === label));
  return {
    informativeVariance: average(variances.slice(0, informative.length)),
    redundantVariance: average(variances.slice(informative.length)),
    randomVariance: average(random.map((column) => covariance(column, column))),
    randomMean: average(random.map((column) => Math.abs(mean(column)))),
    correlation: average(correlations),
    classDistance: average(informative.map((column) => Math.abs(classMean(column, 0) - classMean(column, 1)))),
    class0Share: labels.filter((label) => label === 0).length / labels.length,
  };
}

for (const { name, spec, expected } of CASES) {
  test(`moments over ${SEEDS} seeds equal scikit-learn's: ${name}`, () => {
    const runs = Array.from({ length: SEEDS }, (_, seed) =>
      measure({ generator: 'hypercube', samples: ROWS, seed, ...spec }),
    );
    for (const quantity of QUANTITIES) {
      const [centre, deviation] = expected[quantity];
      const actual = average(runs.map((run) => run[quantity]));
      // four standard errors of the difference of two means over 200 seeds; 1e-5 is the rounding of the table
      const margin = 4 * deviation * Math.sqrt(2 / SEEDS) + 1e-5;
      assert.ok(Math.abs(actual - centre) <= margin, `${quantity}: ${actual} is not ${centre} ± ${margin}`);
    }
  });
}
