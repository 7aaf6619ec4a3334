// scikit-learn's make_friedman1, one row at a time: uniform features, values that are nonlinear in five of them, and
// noise. Source: sklearn/datasets/_samples_generator.py of scikit-learn 1.9.1; Friedman, "Multivariate adaptive
// regression splines", doi:10.1214/aos/1176347963.

import { normalQuantile, sinPi } from '../base/numeric.ts';
import { RandomStream, STREAM } from '../base/random.ts';
import type { RawRows } from '../partition/rows.ts';
import type { RowSource } from './row-source.ts';
import { FRIEDMAN_FEATURES, type Friedman1Spec } from './spec.ts';

type Friedman1Description = {
  generator: 'friedman1';
  columns: { role: 'informative' | 'random' }[];
  formula: string;
  /** Standard deviation of the noise in each value. */
  noise: number;
};

export function createFriedman1({ features, noise, seed }: Required<Friedman1Spec>): RowSource {
  const values = new RandomStream(seed, STREAM.values);
  const errors = new RandomStream(seed, STREAM.labels);
  const x = new Float64Array(features);

  return {
    numClasses: 0,
    describe: (): Friedman1Description => ({
      generator: 'friedman1',
      columns: Array.from(x, (_, j) => ({ role: j < FRIEDMAN_FEATURES ? 'informative' : 'random' })),
      formula: '10 sin(π f0 f1) + 20 (f2 − 0.5)² + 10 f3 + 5 f4',
      noise,
    }),
    fill({ numRows, rowIndex, columns, labels }: RawRows, truth) {
      for (let i = 0; i < numRows; i++) {
        values.seek(rowIndex[i]);
        for (let j = 0; j < features; j++) columns[j][i] = x[j] = values.nextUnit();
        const [a, b, c, d, e] = x;
        truth[i] = 10 * sinPi(a * b) + 20 * (c - 0.5) * (c - 0.5) + 10 * d + 5 * e;
        labels[i] = noise > 0 ? truth[i] + noise * normalQuantile(errors.seek(rowIndex[i]).nextOpen()) : truth[i];
      }
      return null;
    },
  };
}
