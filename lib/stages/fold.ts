// Cross-validation: grow the forest without one fold of the training rows, and score it on that fold.

import { FormatError, InputError } from '../errors.ts';
import { ENGINES } from '../forest/engine.ts';
import type { BeforeTree } from '../forest/take-trees.ts';
import { MISSING_BYTE } from '../forest/training-table.ts';
import { predictProbaInThreads, predictValuesInThreads } from '../forest/wasm/predict-in-threads.ts';
import { getJson } from '../json.ts';
import { runKeys } from '../keys.ts';
import { assignFolds } from '../partition/folds.ts';
import { type BinEdges, type BinnedRows, takeLabels } from '../partition/rows.ts';
import type { Plan } from '../plan.ts';
import type { Store } from '../store.ts';
import { type BinsResult, toBinEdges } from './bins.ts';
import { type Evaluated, scorePredictions } from './evaluate.ts';
import { runTask } from './task.ts';

export interface FoldTask {
  kind: 'fold';
  runId: string;
  fold: number;
}

/**
 * @param gather gives all training rows
 * @param beforeTree is awaited before each tree, and may throw
 */
export function validateFold(
  store: Store,
  plan: Plan,
  { runId, fold }: FoldTask,
  gather: () => Promise<BinnedRows>,
  beforeTree?: BeforeTree,
): Promise<Evaluated> {
  const { folds: numFolds = 0, engine, seed, stratify = false } = plan.params;
  const keys = runKeys(runId);
  if (fold >= numFolds) throw new InputError(`fold must be from 0 to ${numFolds - 1}, got ${fold}`);
  return runTask(store, keys.foldResult(fold), async () => {
    const [rows, bins] = await Promise.all([gather(), getJson<BinsResult>(store, keys.binsResult)]);
    const { isCategorical } = bins;
    const numClasses = bins.classCounts.length;
    const edges = toBinEdges(bins.edges);
    const foldOf = assignFolds(rows.labels, numFolds, seed, stratify);
    const training = pick(rows, (row) => foldOf[row] !== fold);
    const held = pick(rows, (row) => foldOf[row] === fold);
    const info = { numClasses, edges, isCategorical };
    const trees = await ENGINES[engine].growTrees(training, info, plan.forest, 0, plan.forest.numTrees, beforeTree);
    const columns = held.columns.map((codes, j) => toValues(codes, edges[j], isCategorical?.[j] ?? false));
    const forest = { trees, edges, numClasses, isCategorical };
    const predict = numClasses > 0 ? predictProbaInThreads : predictValuesInThreads;
    return scorePredictions(held.labels, await predict(forest, columns), forest, bins);
  });
}

function pick(rows: BinnedRows, isPicked: (row: number) => boolean): BinnedRows {
  const picked = Uint32Array.from({ length: rows.numRows }, (_, row) => row).filter(isPicked);
  const { weights } = rows;
  return {
    numRows: picked.length,
    rowIndex: picked.map((row) => rows.rowIndex[row]),
    labels: takeLabels(rows.labels, picked),
    columns: rows.columns.map((codes) => Uint8Array.from(picked, (row) => codes[row])),
    ...(weights && { weights: Float64Array.from(picked, (row) => weights[row]) }),
  };
}

/** Above all edges. */
const BEYOND = 3.4028234663852886e38;

/** Values that have these codes: a cut can't tell them from those that were there. */
export function toValues(codes: Uint8Array, edges: BinEdges[number], isCategorical: boolean): Float32Array {
  return Float32Array.from(codes, (code) => {
    if (code === MISSING_BYTE) return Number.NaN;
    if (isCategorical) return code;
    if (code > edges.length)
      throw new FormatError(`training partition: code ${code} where ${edges.length} is the last`);
    return code < edges.length ? edges[code] : BEYOND;
  });
}
