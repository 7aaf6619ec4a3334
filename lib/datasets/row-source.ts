// The interface of the four kinds of datasets.

import type { RawRows } from '../partition/rows.ts';

/** A kind of dataset, with its parameters drawn from the seed. */
export interface RowSource {
  /** 0 for regression. */
  readonly numClasses: number;
  /** The true parameters, safe for JSON. */
  describe(): Record<string, unknown>;
  /**
   * Set columns, labels and, for regression, `truth` of the rows in `rows.rowIndex`.
   *
   * @returns their `ceilingSum`, see `GeneratedRows`
   */
  fill(rows: RawRows, truth: Float64Array): number | null;
}
