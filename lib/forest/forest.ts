// What prediction needs of a model, and the shape of the rows that it takes.

import type { BinEdges } from '../partition/rows.ts';
import type { Tree } from './tree.ts';

/** What prediction needs of a model. */
export interface Forest {
  /** 0 for a regressor. */
  numClasses: number;
  /** Upper edges of the bins of each feature. */
  edges: BinEdges;
  /** In tree order, at least one. */
  trees: Tree[];
  /** Features that hold categories; none when left out. */
  isCategorical?: readonly boolean[];
}

/**
 * Check the shape of rows to predict.
 *
 * @returns number of rows
 * @throws {RangeError} on another number of columns than in training, or columns of different lengths
 */
export function checkColumns({ edges }: Forest, columns: readonly Float32Array[]): number {
  const numRows = columns[0]?.length ?? 0;
  if (columns.length === edges.length && columns.every((column) => column.length === numRows)) return numRows;
  const lengths = [...new Set(columns.map(({ length }) => length))].join(', ');
  throw new RangeError(
    `predict needs ${edges.length} columns of one length, got ${columns.length} of length ${lengths}`,
  );
}
