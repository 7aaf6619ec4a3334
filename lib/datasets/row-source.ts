// The interface of the four kinds of datasets.

import type { RawRows } from '../partition/rows.ts';
import type { GeneratorName } from './spec.ts';

/** The true parameters of a dataset, safe for JSON. */
export type DatasetDescription = { generator: GeneratorName } & Record<string, unknown>;

/** A kind of dataset, with its parameters drawn from the seed. */
export interface RowSource {
  /** 0 for regression. */
  readonly numClasses: number;
  /** The true parameters, safe for JSON. */
  describe(): DatasetDescription;
  /**
   * Set columns, labels and, for regression, `truth` of the rows in `rows.rowIndex`.
   *
   * @returns their `ceilingSum`, see `GeneratedRows`
   */
  fill(rows: RawRows, truth: Float64Array): number | null;
}
