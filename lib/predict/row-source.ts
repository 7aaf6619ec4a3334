// Rows to predict, whatever file they come from. Another format is another function that gives one of these.

/** Some rows, as many as fit memory. */
export interface RowBlock {
  /** Number of the first row, counted from 0 over the whole source. */
  rowStart: number;
  /** Values of the columns asked for, one array each, NaN where one is missing. */
  columns: Float32Array[];
}

export interface RowSource {
  /** What messages call it. */
  name: string;
  /** Names of its columns, in their order. */
  columnNames: string[];
  /**
   * The rows, block by block; may be asked for once.
   *
   * @param wanted positions in `columnNames`
   * @throws {InputError} naming row, column and value, on what is no number
   */
  blocks(wanted: readonly number[]): AsyncIterable<RowBlock>;
}

/** Rows of a block at most: 20 features of them take 5 MB. */
export const BLOCK_ROWS = 65_536;
