// The part of a model that prediction needs, and the shape check of rows to predict.

import type { BinEdges } from '../partition/rows.ts';
import type { Tree } from './tree.ts';

/** The part of a model that prediction needs. */
export interface Forest {
  /** 0 for a regressor. */
  numClasses: number;
  /** Upper edges of the bins of each feature. */
  edges: BinEdges;
  /** In tree order, at least one. */
  trees: Tree[];
  /** Flags of the categorical features; by default none is categorical. */
  isCategorical?: readonly boolean[];
}

/**
 * Check the shape of rows to predict.
 *
 * @returns number of rows
 * @throws {RangeError} when the number of columns differs from training, or columns differ in length
 */
export function checkColumns({ edges }: Forest, columns: readonly Float32Array[]): number {
  const numRows = columns[0]?.length ?? 0;
  if (columns.length === edges.length && columns.every((column) => column.length === numRows)) return numRows;
  const lengths = [...new Set(columns.map(({ length }) => length))].join(', ');
  throw new RangeError(
    `predict needs ${edges.length} columns of one length, got ${columns.length} of length ${lengths}`,
  );
}
