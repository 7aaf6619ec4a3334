// Seeded data sets: any rows of one, from its specification alone.

import type { RawRows } from '../partition/rows.ts';
import { createHypercube } from './hypercube.ts';
import { createLogistic } from './logistic.ts';
import { type DatasetSpec, validateDatasetSpec, withDefaults } from './spec.ts';

export type GeneratedRows = RawRows & {
  /**
   * Sum over the rows of the chance that the best possible classifier is right, null where it is not known. A multiple
   * of 2^-21, so sums over chunks are exact in any order; divided by the number of rows it is the accuracy ceiling.
   */
  ceilingSum: number | null;
};

export interface Generator {
  readonly numFeatures: number;
  readonly numClasses: number;
  /** The true parameters, safe for JSON: what each column is, and what the labels depend on. */
  describe(): Record<string, unknown>;
  /**
   * Make some rows. A row is a function of the specification and its index: the chunk it comes in changes nothing.
   *
   * @param rowStart from 0 up
   * @param rowEnd exclusive, up to the number of samples
   */
  generate(rowStart: number, rowEnd: number): GeneratedRows;
}

/** One kind of data set, with its parameters drawn. */
export interface RowSource {
  readonly numClasses: number;
  describe(): Record<string, unknown>;
  /** Set the columns and labels of the rows named by `rows.rowIndex`; returns their `ceilingSum`. */
  fill(rows: RawRows): number | null;
}

/** @throws {InputError} when the specification makes no sense */
export function createGenerator(spec: DatasetSpec): Generator {
  validateDatasetSpec(spec);
  const { samples, features } = spec;
  const source: RowSource =
    spec.generator === 'hypercube' ? createHypercube(withDefaults(spec)) : createLogistic(withDefaults(spec));
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
        labels: new Uint16Array(numRows),
      };
      return { ...rows, ceilingSum: source.fill(rows) };
    },
  };
}
