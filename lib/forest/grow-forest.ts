// Grows the trees of any forest: the fast trainer where it can, else the general one.

import { InputError } from '../errors.ts';
import { GeneralGrower } from './general-grow.ts';
import { growTrees } from './grow.ts';
import { type ForestParams, type ResolvedParams, resolveParams } from './params.ts';
import { checkTable, hasMissing, isWide, type TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';

/** Whether the fast trainer honours all that is asked for. */
export function canGrowFast(params: ResolvedParams, table: TrainingTable): boolean {
  return (
    params.criterion === 'gini' &&
    params.splitter === 'best' &&
    params.minWeightFractionLeaf === 0 &&
    params.maxLeafNodes === null &&
    params.minImpurityDecrease === 0 &&
    params.maxSamples === null &&
    params.classWeight === null &&
    params.ccpAlpha === 0 &&
    params.monotonicConstraints === null &&
    table.weights === undefined &&
    !table.isCategorical?.includes(true) &&
    !isWide(table) &&
    !hasMissing(table)
  );
}

/**
 * Grow trees [treeStart, treeEnd); tree i depends on the table, the parameters and i alone.
 *
 * @throws {InputError} when the table or the parameters are out of range
 */
export function growForest(
  table: TrainingTable,
  params: ForestParams,
  treeStart: number,
  treeEnd: number, // exclusive
): Tree[] {
  checkTable(table);
  const { numRows, edges, target } = table;
  const resolved = resolveParams(params, numRows, edges.length, target.numClasses ?? 0);
  if (target.values && resolved.criterion === 'poisson') checkPoisson(target.values);
  if (target.labels && canGrowFast(resolved, table)) {
    const rows = {
      numRows,
      rowIndex: new Uint32Array(0),
      columns: table.columns as Uint8Array[],
      labels: target.labels,
    };
    return growTrees(rows, { numClasses: target.numClasses, edges }, resolved, treeStart, treeEnd);
  }
  const grower = new GeneralGrower(table, resolved);
  return Array.from({ length: treeEnd - treeStart }, (_, i) => grower.grow(treeStart + i));
}

function checkPoisson(values: Float64Array): void {
  if (values.some((value) => value < 0)) {
    const got = values.find((value) => value < 0);
    throw new InputError(`criterion poisson needs a target of values from 0 up, got ${got}`);
  }
  if (values.every((value) => value === 0)) {
    throw new InputError('criterion poisson needs a target with some value above 0, all are 0');
  }
}
