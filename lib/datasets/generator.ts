// Seeded data sets: any rows of one, from its specification alone.

import type { Labels, RawRows } from '../partition/rows.ts';
import { createFriedman1 } from './friedman1.ts';
import { createHypercube } from './hypercube.ts';
import { createLogistic } from './logistic.ts';
import { createRegression } from './regression.ts';
import { type DatasetSpec, type HypercubeSpec, type LogisticSpec, validateDatasetSpec, withDefaults } from './spec.ts';

export type GeneratedRows<L extends Labels = Labels> = RawRows<L> & {
  /** Of rows with values: each without its noise, which is the best that can be predicted; empty for classes. */
  truth: Float64Array;
  /**
   * Sum over the rows of the chance that the best possible classifier is right, null where it is not known. A multiple
   * of 2^-21, so sums over chunks are exact in any order; divided by the number of rows it is the accuracy ceiling.
   */
  ceilingSum: number | null;
};

export interface Generator<L extends Labels = Labels> {
  readonly numFeatures: number;
  /** 0 for values. */
  readonly numClasses: number;
  /** The true parameters, safe for JSON: what each column is, and what the labels depend on. */
  describe(): Record<string, unknown>;
  /**
   * Make some rows. A row is a function of the specification and its index: the chunk it comes in changes nothing.
   *
   * @param rowStart from 0 up
   * @param rowEnd exclusive, up to the number of samples
   */
  generate(rowStart: number, rowEnd: number): GeneratedRows<L>;
}

/** One kind of data set, with its parameters drawn. */
export interface RowSource {
  readonly numClasses: number;
  describe(): Record<string, unknown>;
  /** Set the columns, labels and, of values, the truth of the rows named by `rows.rowIndex`; returns their `ceilingSum`. */
  fill(rows: RawRows, truth: Float64Array): number | null;
}

/** @throws {InputError} when the specification makes no sense */
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
        throw new RangeError(`rows must run from a whole number up to another, got ${rowStart} to ${rowEnd}`);
      }
      if (rowEnd > samples) throw new RangeError(`rows must end at ${samples} at the latest, got ${rowEnd}`);
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
