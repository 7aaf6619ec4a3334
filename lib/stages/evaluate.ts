// Evaluate: the model's predictions on one test partition, as counts that can be merged.

import { decodeModel, type Model } from '../forest/model.ts';
import { predictProba } from '../forest/predict.ts';
import { runKeys } from '../keys.ts';
import { brier } from '../metrics/brier.ts';
import { countPairs, type PairCount } from '../metrics/confusion.ts';
import { logLoss } from '../metrics/log-loss.ts';
import { countClassScores, type ScoreCounts } from '../metrics/score-counts.ts';
import type { MeanPartial } from '../metrics/weighted-mean.ts';
import { decodeRaw } from '../partition/arrow.ts';
import type { Store } from '../store.ts';
import { runTask } from './task.ts';

export interface EvaluateTask {
  runId: string;
  partitionIndex: number;
}

export interface EvaluateResult {
  numRows: number;
  /** Rows by class and predicted class, the pairs that occur, in ascending order. */
  pairs: PairCount[];
  numClasses: number;
  logLoss: MeanPartial;
  brier: MeanPartial;
  /** For ROC AUC: rows by rounded probability, of class 1 or of each of many classes; empty when there are too many. */
  scores: ScoreCounts[];
  /** The same of the validation side, where there is one. */
  validation?: EvaluateResult;
}

const MAX_SCORE_COUNTS = 4000; // of all classes; at 40 bytes of JSON or less, 160 kB per partition

/**
 * Into how many steps probabilities are rounded for ROC AUC, or 0 when there are too many classes. A multiple of the
 * number of trees where it fits: then forests whose leaves are pure lose nothing.
 */
export function scoreSteps(numClasses: number, numTrees: number): number {
  const most = Math.max(0, Math.floor(MAX_SCORE_COUNTS / 2 / (numClasses === 2 ? 1 : numClasses)) - 1);
  return most < numTrees ? most : most - (most % numTrees);
}

export async function loadModel(store: Store, runId: string): Promise<Model> {
  return decodeModel(await store.get(runKeys(runId).model));
}

/**
 * Answers with little: the result is read from the store.
 *
 * @param hasValidation whether there are rows to validate on, too
 */
export async function evaluate(
  store: Store,
  { runId, partitionIndex }: EvaluateTask,
  load: () => Promise<Model>,
  hasValidation = false,
): Promise<Pick<EvaluateResult, 'numRows'>> {
  const keys = runKeys(runId);
  const score = async (key: string) => {
    const [model, rows] = await Promise.all([load(), store.get(key).then((bytes) => decodeRaw(bytes, key))]);
    return scoreRows(rows.labels, predictProba(model, rows.columns), model.numClasses, model.trees.length);
  };
  const { numRows } = await runTask<EvaluateResult>(store, keys.evaluateResult(partitionIndex), async () => ({
    ...(await score(keys.test(partitionIndex))),
    ...(hasValidation && { validation: await score(keys.validation(partitionIndex)) }),
  }));
  return { numRows };
}

/** What a forest of so many trees says of some rows, as counts that can be merged. */
export function scoreRows(
  labels: Uint16Array,
  probabilities: Float64Array,
  numClasses: number,
  numTrees: number,
): EvaluateResult {
  const steps = scoreSteps(numClasses, numTrees);
  return {
    numRows: labels.length,
    pairs: countPairs(labels, mostProbable(probabilities, numClasses)),
    numClasses,
    logLoss: logLoss(numClasses).partial(labels, probabilities),
    brier: brier(numClasses).partial(labels, probabilities),
    scores: steps > 0 ? countClassScores(labels, probabilities, numClasses, undefined, steps) : [],
  };
}

/** Class of each row as `predict` gives it: the lowest of equals. */
function mostProbable(probabilities: Float64Array, numClasses: number): Uint16Array {
  return Uint16Array.from({ length: probabilities.length / numClasses }, (_, row) => {
    const ofRow = probabilities.subarray(row * numClasses, (row + 1) * numClasses);
    return ofRow.reduce((best, probability, k) => (probability > ofRow[best] ? k : best), 0);
  });
}
