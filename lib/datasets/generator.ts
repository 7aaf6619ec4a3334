// Seeded datasets: makes any rows of one from its specification.

import type { Labels, RawRows } from '../partition/rows.ts';
import { createFriedman1 } from './friedman1.ts';
import { createHypercube } from './hypercube.ts';
import { createLogistic } from './logistic.ts';
import { createRegression } from './regression.ts';
import type { DatasetDescription, RowSource } from './row-source.ts';
import { type DatasetSpec, type HypercubeSpec, type LogisticSpec, validateDatasetSpec, withDefaults } from './spec.ts';

export type GeneratedRows<L extends Labels = Labels> = RawRows<L> & {
  /** For regression the value of each row without its noise: the best possible prediction. Empty for classification. */
  truth: Float64Array;
  /**
   * Sum over the rows of the probability that the best possible classifier is right; null where it is not computed. A
   * multiple of 2^-21, so sums over chunks are exact in any order. Divided by the number of rows it is the accuracy
   * ceiling.
   */
  ceilingSum: number | null;
};

export interface Generator<L extends Labels = Labels> {
  readonly numFeatures: number;
  /** 0 for regression. */
  readonly numClasses: number;
  /** The true parameters, safe for JSON: what each column is, and what the labels depend on. */
  describe(): DatasetDescription;
  /**
   * Make the rows [rowStart, rowEnd). A row is a function of the specification and its index; the chunk does not
   * matter.
   *
   * @param rowStart at least 0
   * @param rowEnd at most the number of samples
   * @throws {RangeError} when the range is invalid
   */
  generate(rowStart: number, rowEnd: number): GeneratedRows<L>;
}

/**
 * Draw the parameters of a dataset.
 *
 * @throws {InputError} when the specification is invalid
 */
export function createGenerator(spec: HypercubeSpec | LogisticSpec): Generator<Uint16Array>;
export function createGenerator(spec: DatasetSpec): Generator;
export function createGenerator(spec: DatasetSpec): Generator {
  validateDatasetSpec(spec);
  const { samples, features } = spec;
  const source = createSource(spec);
  return {
    numFeatures: features,
    numClasses: source.numClasses,
    describe: source.describe,
    generate(rowStart, rowEnd) {
      if (!(Number.isInteger(rowStart) && Number.isInteger(rowEnd) && 0 <= rowStart && rowStart <= rowEnd)) {
        throw new RangeError(
          `rowStart and rowEnd must be integers with 0 <= rowStart <= rowEnd, got ${rowStart} and ${rowEnd}`,
        );
      }
      if (rowEnd > samples) throw new RangeError(`rowEnd must be at most ${samples}, got ${rowEnd}`);
      const numRows = rowEnd - rowStart;
      const rows = {
        numRows,
        rowIndex: new Uint32Array(numRows).map((_, i) => rowStart + i),
        columns: Array.from({ length: features }, () => new Float32Array(numRows)),
        labels: source.numClasses > 0 ? new Uint16Array(numRows) : new Float64Array(numRows),
      };
      const truth = new Float64Array(source.numClasses > 0 ? 0 : numRows);
      return { ...rows, truth, ceilingSum: source.fill(rows, truth) };
    },
  };
}

function createSource(spec: DatasetSpec): RowSource {
  switch (spec.generator) {
    case 'hypercube':
      return createHypercube(withDefaults(spec));
    case 'logistic':
      return createLogistic(withDefaults(spec));
    case 'regression':
      return createRegression(withDefaults(spec));
    case 'friedman1':
      return createFriedman1(withDefaults(spec));
  }
}
