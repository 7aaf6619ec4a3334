// dask-ml's make_classification, one row at a time: standard normal features, labels from a logistic model on a few.
// Source: dask_ml/datasets.py of dask-ml 2025.1. There the chunking changes the data and the choice of features; here
// a row is a function of the seed and its index.

import { exp, normalQuantile } from '../base/numeric.ts';
import { RandomStream, STREAM } from '../base/random.ts';
import type { RawRows } from '../partition/rows.ts';
import { CEILING_UNITS } from './ceiling.ts';
import type { RowSource } from './row-source.ts';
import type { LogisticSpec } from './spec.ts';

/** Indexes of draws in the model's stream; lower ones belong to the hypercube. */
const PART = { chosen: 2 ** 20, weights: 2 ** 20 + 1 } as const;

export type LogisticDescription = {
  generator: 'logistic';
  columns: { role: 'informative' | 'random' }[];
  /** Columns that the label depends on; a column may be chosen twice with `withReplacement`. */
  chosen: number[];
  /** Weight of each chosen column: P(label is 1) = 1 / (1 + exp(-sum of weight × value)). */
  weights: number[];
};

export function createLogistic(spec: Required<LogisticSpec>): RowSource {
  const { features, seed } = spec;
  const chosen = choose(spec, new RandomStream(seed, STREAM.model, PART.chosen));
  const beta = new RandomStream(seed, STREAM.model, PART.weights);
  // every feature has a weight, chosen or not, so that a feature's weight does not depend on the choice
  const allWeights = Float64Array.from({ length: features }, () => (beta.nextUnit() - 1) * spec.scale);
  const weights = Float64Array.from(chosen, (feature) => allWeights[feature]);
  const values = new RandomStream(seed, STREAM.values);
  const noise = new RandomStream(seed, STREAM.labels);
  const x = new Float64Array(features);

  return {
    numClasses: 2,
    describe: (): LogisticDescription => ({
      generator: 'logistic',
      columns: Array.from(x, (_, j) => ({ role: chosen.includes(j) ? 'informative' : 'random' })),
      chosen: Array.from(chosen),
      weights: Array.from(weights),
    }),
    fill({ numRows, rowIndex, columns, labels }: RawRows) {
      let ceilingUnits = 0;
      for (let i = 0; i < numRows; i++) {
        values.seek(rowIndex[i]);
        for (let j = 0; j < features; j++) columns[j][i] = x[j] = normalQuantile(values.nextOpen());
        let z = 0;
        for (let j = 0; j < chosen.length; j++) z += weights[j] * x[chosen[j]];
        const p = 1 / (1 + exp(-z));
        labels[i] = noise.seek(rowIndex[i]).nextOpen() < p ? 1 : 0;
        ceilingUnits += Math.round(Math.max(p, 1 - p) * CEILING_UNITS);
      }
      return ceilingUnits / CEILING_UNITS;
    },
  };
}

function choose({ features, informative, withReplacement }: Required<LogisticSpec>, random: RandomStream): Uint32Array {
  if (withReplacement) return Uint32Array.from({ length: informative }, () => random.nextBelow(features));
  return random.permutation(features).subarray(0, informative);
}
