// Cross-validation: grow the forest without one fold of the training rows, and score it on that fold.

import { FormatError, InputError } from '../base/errors.ts';
import { KeyedPermutation, STREAM } from '../base/random.ts';
import { ENGINES } from '../forest/engines.ts';
import { MISSING_BYTE } from '../forest/training-table.ts';
import type { BeforeTree } from '../forest/tree-queue.ts';
import { predictProbaInThreads, predictValuesInThreads } from '../forest/wasm/predict-in-threads.ts';
import { assignFolds } from '../partition/folds.ts';
import { type BinEdges, type BinnedRows, type Labels, takeLabels } from '../partition/rows.ts';
import type { Plan } from '../plan/plan.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { runTask } from '../store/task.ts';
import { type BinsResult, toBinEdges } from './bins.ts';
import { scorePredictions } from './evaluate.ts';
import type { Evaluated } from './evaluated.ts';
import type { TrainingInput } from './train.ts';

export interface FoldTask {
  kind: 'fold';
  runId: string;
  fold: number;
}

export function validateFold(
  store: Store,
  plan: Plan,
  { runId, fold }: FoldTask,
  { gather, beforeTree }: TrainingInput,
): Promise<Evaluated> {
  const { folds: numFolds = 0 } = plan.params;
  const keys = runKeys(runId);
  if (fold >= numFolds) throw new InputError(`fold must be from 0 to ${numFolds - 1}, got ${fold}`);
  return runTask(store, keys.foldResult(fold), async () => {
    const [rows, bins] = await Promise.all([gather(), getJson<BinsResult>(store, keys.binsResult)]);
    return (await predictFold(plan, { rows, bins }, { fold, numRows: rows.numRows }, beforeTree)).scored;
  });
}

/** Predictions for the rows of a fold, by a forest that was grown without them. */
export interface FoldPredictions {
  numTrainingRows: number;
  /** Class or value of each row held out; its probabilities, shape [numRows, numClasses], or value, shape [numRows]. */
  labels: Labels;
  predicted: Float64Array;
  scored: Evaluated;
  numNodes: number;
  growSeconds: number;
  predictSeconds: number;
}

/**
 * Grow the forest without one fold of the rows, and predict that fold.
 *
 * @param data all training rows, and their bins
 * @param held the fold to hold out, and the number of rows to use: if it is less than all, both sides lose the same share,
 *   and a smaller number uses a subset of the rows
 */
export async function predictFold(
  { params, forest: forestParams }: Plan,
  { rows, bins }: { rows: BinnedRows; bins: BinsResult },
  { fold, numRows }: { fold: number; numRows: number },
  beforeTree?: BeforeTree,
): Promise<FoldPredictions> {
  const { folds: numFolds = 0, engine, seed, stratify = false } = params;
  const { isCategorical } = bins;
  const numClasses = bins.classCounts.length;
  const edges = toBinEdges(bins.edges);
  const foldOf = assignFolds(rows.labels, numFolds, seed, stratify);
  const side = (isHeld: boolean) => {
    const all = Uint32Array.from(foldOf.keys()).filter((row) => (foldOf[row] === fold) === isHeld);
    return pick(rows, firstByRank(all, rows.numRows, numRows, seed));
  };
  const [training, held] = [side(false), side(true)];
  const { numTrees } = forestParams;
  const startedAt = performance.now();
  const info = { numClasses, edges, isCategorical };
  const trees = await ENGINES[engine].growTrees(training, info, forestParams, {
    treeStart: 0,
    treeEnd: numTrees,
    beforeTree,
  });
  const grownAt = performance.now();
  const columns = held.columns.map((codes, j) => toValues(codes, edges[j], isCategorical?.[j] ?? false));
  const forest = { trees, edges, numClasses, isCategorical };
  const predict = numClasses > 0 ? predictProbaInThreads : predictValuesInThreads;
  const predicted = await predict(forest, columns);
  return {
    numTrainingRows: training.numRows,
    labels: held.labels,
    predicted,
    scored: scorePredictions(held.labels, predicted, forest, bins),
    numNodes: trees.reduce((sum, { numNodes }) => sum + numNodes, 0),
    growSeconds: (grownAt - startedAt) / 1000,
    predictSeconds: (performance.now() - grownAt) / 1000,
  };
}

/** The rows of a side among the first `numRows` of a random order of all rows, ascending. */
function firstByRank(side: Uint32Array, total: number, numRows: number, seed: number): Uint32Array {
  const count = Math.floor((numRows * side.length) / total);
  if (count === side.length) return side;
  const order = new KeyedPermutation(total, seed, STREAM.rounds);
  const ranks = Float64Array.from(side, (row) => order.at(row));
  const chosen = Uint32Array.from(side.keys()).sort((a, b) => ranks[a] - ranks[b]);
  return chosen
    .subarray(0, count)
    .sort()
    .map((at) => side[at]);
}

function pick(rows: BinnedRows, picked: Uint32Array): BinnedRows {
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

/** Values with these codes: every cut sends them to the same side as the original values. */
export function toValues(codes: Uint8Array, edges: BinEdges[number], isCategorical: boolean): Float32Array {
  return Float32Array.from(codes, (code) => {
    if (code === MISSING_BYTE) return Number.NaN;
    if (isCategorical) return code;
    if (code > edges.length)
      throw new FormatError(`training partition: code ${code} where ${edges.length} is the last`);
    return code < edges.length ? edges[code] : BEYOND;
  });
}
