// Rows in memory, one array per column.

/** The target: the class of each row, from 0 to numClasses - 1, or its value, finite. Shape [numRows]. */
export type Labels = Uint16Array | Float64Array;

/** Raw rows: as a generator makes them and as test partitions store them. */
export interface RawRows<L extends Labels = Labels> {
  numRows: number;
  /** Index of each row in the whole dataset, ascending, shape [numRows]. */
  rowIndex: Uint32Array;
  /** One array per feature, each of shape [numRows]: finite values, codes of categories, or NaN where missing. */
  columns: Float32Array[];
  labels: L;
  /** Weight of each row; all 1 when left out. */
  weights?: Float64Array;
  /** Side of each row, see `SIDE`, if a column of the data says it; shape [numRows]. */
  sides?: Uint8Array;
}

/** Rows for training: a bin code for each value. */
export interface BinnedRows<L extends Labels = Labels> {
  numRows: number;
  rowIndex: Uint32Array;
  /** Bin codes, one array per feature, each of shape [numRows]. */
  columns: Uint8Array[];
  labels: L;
  /** Weight of each row; all 1 when left out. */
  weights?: Float64Array;
}

/** Rows for training whose labels are classes. */
export type ClassRows = BinnedRows<Uint16Array>;

/**
 * Upper edges of the bins of each feature, ascending, at most 254: `x <= edges[code]` where code is the value's bin.
 */
export type BinEdges = Float32Array[];

/** Count the rows of each class, shape [numClasses]; empty for regression. */
export function countClasses(labels: Labels, numClasses: number): number[] {
  const counts = new Array<number>(numClasses).fill(0);
  if (numClasses === 0) return counts;
  for (const label of labels) counts[label]++;
  return counts;
}

/** Labels of zeros, of the same kind as `like`. */
function emptyLabels(like: Labels | undefined, numRows: number): Labels {
  return like instanceof Float64Array ? new Float64Array(numRows) : new Uint16Array(numRows);
}

/** The labels of some rows, in their order. */
export function takeLabels(labels: Labels, rows: Uint32Array): Labels {
  const taken = emptyLabels(labels, rows.length);
  for (const [i, row] of rows.entries()) taken[i] = labels[row];
  return taken;
}

/** The rows whose side is `side`, in their order. */
export function takeRows(rows: RawRows, sides: Uint8Array, side: number): RawRows {
  const taken = Uint32Array.from({ length: rows.numRows }, (_, i) => i).filter((i) => sides[i] === side);
  return {
    numRows: taken.length,
    rowIndex: rows.rowIndex.filter((_, i) => sides[i] === side),
    columns: rows.columns.map((values) => Float32Array.from(taken, (i) => values[i])),
    labels: takeLabels(rows.labels, taken),
    ...(rows.weights && { weights: rows.weights.filter((_, i) => sides[i] === side) }),
  };
}

/** Concatenate partitions in the order given. */
export function concatBinned(parts: readonly BinnedRows[]): BinnedRows {
  const numRows = parts.reduce((sum, part) => sum + part.numRows, 0);
  const rows: BinnedRows = {
    numRows,
    rowIndex: new Uint32Array(numRows),
    labels: emptyLabels(parts[0]?.labels, numRows),
    columns: Array.from({ length: parts[0]?.columns.length ?? 0 }, () => new Uint8Array(numRows)),
    ...(parts[0]?.weights && { weights: new Float64Array(numRows) }),
  };
  let start = 0;
  for (const part of parts) {
    rows.rowIndex.set(part.rowIndex, start);
    rows.labels.set(part.labels, start);
    if (part.weights) rows.weights!.set(part.weights, start);
    for (const [j, codes] of rows.columns.entries()) codes.set(part.columns[j], start);
    start += part.numRows;
  }
  return rows;
}
