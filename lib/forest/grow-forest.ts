// Grows the trees of any forest: the fast trainer where it can, else the general one.

import { InputError } from '../base/errors.ts';
import type { ClassRows } from '../partition/rows.ts';
import { GeneralGrower } from './general-grow.ts';
import { growGeneralInThreads } from './general-in-threads.ts';
import { growTrees } from './grow.ts';
import type { TrainingInfo } from './packed-rows.ts';
import { chooseTrainer, type ForestParams, type ResolvedParams, resolveParams, type Trainer } from './params.ts';
import type { BeforeTree } from './take-trees.ts';
import { checkTable, isFlagged, isWide, type TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import { growHere, growInThreads, growTableInThreads } from './wasm/grow-in-threads.ts';

/** The trainer of a table. */
export function trainerOf(params: ResolvedParams, table: TrainingTable): Trainer {
  if (isWide(table)) return 'general';
  const { target, weights } = table;
  const hasWeights = weights !== undefined;
  return chooseTrainer(params, { numClasses: target.numClasses ?? 0, isPlain: !isFlagged(table), hasWeights });
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
  const resolved = check(table, params);
  const trainer = trainerOf(resolved, table);
  const trees = trainer !== 'general' && growHere(table, resolved, treeStart, treeEnd);
  if (trees) return trees;
  if (trainer === 'classes') return growTrees(...toClassRows(table), resolved, treeStart, treeEnd);
  const grower = new GeneralGrower(table, resolved);
  return Array.from({ length: treeEnd - treeStart }, (_, i) => grower.grow(treeStart + i));
}

/**
 * As `growForest`, on several threads: by the kernel where that honours all that is asked for.
 *
 * @param numThreads from 1 to 256; by default as many as there are processors
 */
export async function growForestInThreads(
  table: TrainingTable,
  params: ForestParams,
  treeStart: number,
  treeEnd: number, // exclusive
  numThreads?: number,
  beforeTree?: BeforeTree,
): Promise<Tree[]> {
  const resolved = check(table, params);
  const trainer = trainerOf(resolved, table);
  if (trainer === 'classes') {
    return growInThreads(...toClassRows(table), resolved, treeStart, treeEnd, numThreads, beforeTree);
  }
  const grow = trainer === 'general' ? growGeneralInThreads : growTableInThreads;
  return grow(table, resolved, treeStart, treeEnd, numThreads, beforeTree);
}

function check(table: TrainingTable, params: ForestParams): ResolvedParams {
  checkTable(table);
  const { numRows, edges, target } = table;
  const resolved = resolveParams(params, numRows, edges.length, target.numClasses ?? 0);
  if (target.values && resolved.criterion === 'poisson') checkPoisson(target.values);
  const constrained =
    resolved.monotonicConstraints?.findIndex((sign, i) => sign !== 0 && table.isCategorical?.[i]) ?? -1;
  if (constrained >= 0) {
    throw new InputError(
      `feature ${constrained} holds categories, which have no order: it can't have a monotonic constraint`,
    );
  }
  return resolved;
}

/** The table as the fast trainer of classes takes it. */
function toClassRows({ numRows, columns, edges, target }: TrainingTable): [ClassRows, TrainingInfo] {
  // the row index says where rows come from; growing asks for none
  const rows = { numRows, rowIndex: new Uint32Array(0), columns: columns as Uint8Array[], labels: target.labels! };
  return [rows, { numClasses: target.numClasses!, edges }];
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
