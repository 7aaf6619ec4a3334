// Rows in memory, one array per column.

/** Raw rows: what a generator makes and what a test partition holds. */
export interface RawRows {
  numRows: number;
  /** Number of each row in the whole data set, ascending, shape [numRows]. */
  rowIndex: Uint32Array;
  /** Values, one array per feature, each of shape [numRows], finite. */
  columns: Float32Array[];
  /** Class of each row, from 0 to numClasses - 1, shape [numRows]. */
  labels: Uint16Array;
}

/** Rows for training: a bin code for each value. */
export interface BinnedRows {
  numRows: number;
  rowIndex: Uint32Array;
  /** Bin codes, one array per feature, each of shape [numRows]. */
  columns: Uint8Array[];
  labels: Uint16Array;
}

/** Upper edges of the bins of each feature, ascending, at most 254: `x <= edges[code]` where code is the value's bin. */
export type BinEdges = Float32Array[];
