// scikit-learn's make_regression, one row at a time: standard normal features, values linear in some of them, and
// noise.
//
// The same model and the same parameters, drawn from our own random numbers. Rows have the same distribution, so only
// the columns are shuffled.
// Source: sklearn/datasets/_samples_generator.py of scikit-learn 1.9.1.

import { normalQuantile } from '../base/numeric.ts';
import { RandomStream, STREAM } from '../base/random.ts';
import type { RawRows } from '../partition/rows.ts';
import type { RowSource } from './row-source.ts';
import type { RegressionSpec } from './spec.ts';

/** Indexes of draws in the model's stream; lower ones belong to the other generators. */
const PART = { coefficients: 2 ** 21 } as const;

export type RegressionDescription = {
  generator: 'regression';
  columns: { role: 'informative' | 'random' }[];
  /** Coefficient of each column; 0 for a random one. scikit-learn: coef. */
  coefficients: number[];
  bias: number;
  /** Standard deviation of the noise in each value. */
  noise: number;
};

export function createRegression(spec: Required<RegressionSpec>): RowSource {
  const { features, informative, bias, noise, seed } = spec;
  const model = new RandomStream(seed, STREAM.model, PART.coefficients);
  const drawn = Float64Array.from({ length: informative }, () => 100 * model.nextUnit());
  const columnOrder = spec.shuffle
    ? new RandomStream(seed, STREAM.columnOrder).permutation(features)
    : Uint32Array.from({ length: features }, (_, j) => j);
  // column j holds feature columnOrder[j] of the model
  const coefficients = Float64Array.from(columnOrder, (feature) => drawn[feature] ?? 0);
  const values = new RandomStream(seed, STREAM.values);
  const errors = new RandomStream(seed, STREAM.labels);

  return {
    numClasses: 0,
    describe: (): RegressionDescription => ({
      generator: 'regression',
      columns: Array.from(columnOrder, (feature) => ({ role: feature < informative ? 'informative' : 'random' })),
      coefficients: Array.from(coefficients),
      bias,
      noise,
    }),
    fill({ numRows, rowIndex, columns, labels }: RawRows, truth) {
      for (let i = 0; i < numRows; i++) {
        values.seek(rowIndex[i]);
        let value = 0;
        for (let j = 0; j < features; j++) {
          const x = normalQuantile(values.nextOpen());
          columns[j][i] = x;
          value += coefficients[j] * x;
        }
        truth[i] = value + bias;
        labels[i] = noise > 0 ? truth[i] + noise * normalQuantile(errors.seek(rowIndex[i]).nextOpen()) : truth[i];
      }
      return null;
    },
  };
}
