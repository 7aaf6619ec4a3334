// Grows the trees of any forest: in the kernel where it supports the request, else by the general trainer.

import { InputError } from '../base/errors.ts';
import { GeneralGrower } from './general-grow.ts';
import { growGeneralInThreads } from './general-in-threads.ts';
import type { GrowRequest } from './grow-request.ts';
import { chooseTrainer, type ForestParams, type ResolvedParams, resolveParams, type Trainer } from './params.ts';
import { checkTable, isFlagged, isWide, type TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import { growHere, growTableInThreads } from './wasm/grow-in-threads.ts';

/** Choose the trainer for a table. */
export function trainerForTable(params: ResolvedParams, table: TrainingTable): Trainer {
  if (isWide(table)) return 'general';
  const { target, weights } = table;
  const hasWeights = weights !== undefined;
  return chooseTrainer(params, { numClasses: target.numClasses ?? 0, isPlain: !isFlagged(table), hasWeights });
}

/** A forest to grow; parameters are checked and completed here. */
export type ForestRequest = Omit<GrowRequest, 'params'> & { params: ForestParams };

/**
 * Grow the trees of a request on the caller's thread.
 *
 * @throws {InputError} when the table or the parameters are out of range
 */
export function growForest(request: Omit<ForestRequest, 'numThreads' | 'beforeTree'>): Tree[] {
  const { table, treeStart, treeEnd } = request;
  const params = check(table, request.params);
  const trees = trainerForTable(params, table) !== 'general' && growHere({ ...request, params });
  if (trees) return trees;
  const grower = new GeneralGrower(table, params);
  return Array.from({ length: treeEnd - treeStart }, (_, i) => grower.grow(treeStart + i));
}

/**
 * Like `growForest`, on several threads: by the kernel where it supports the request.
 *
 * @throws {InputError} when the table or the parameters are out of range
 */
export async function growForestInThreads(request: ForestRequest): Promise<Tree[]> {
  const params = check(request.table, request.params);
  const grow = trainerForTable(params, request.table) === 'general' ? growGeneralInThreads : growTableInThreads;
  return grow({ ...request, params });
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

function checkPoisson(values: Float64Array): void {
  if (values.some((value) => value < 0)) {
    const got = values.find((value) => value < 0);
    throw new InputError(`criterion poisson needs target values ≥ 0, got ${got}`);
  }
  if (values.every((value) => value === 0)) {
    throw new InputError('criterion poisson needs at least one target value above 0, all are 0');
  }
}
