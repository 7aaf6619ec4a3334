// Evaluate: the model's predictions on one test partition, as counts that can be merged.

import type { Forest } from '../forest/forest.ts';
import type { Model } from '../forest/model.ts';
import { predictProba, predictValues } from '../forest/predict.ts';
import { brier } from '../metrics/brier.ts';
import { type CalibrationCounts, calibrationCounts } from '../metrics/calibration.ts';
import { countPairs } from '../metrics/confusion.ts';
import { logLoss } from '../metrics/log-loss.ts';
import { countClassScores } from '../metrics/score-counts.ts';
import { decodeRaw } from '../partition/arrow.ts';
import type { Labels } from '../partition/rows.ts';
import { importanceRows } from '../plan/importance-rows.ts';
import type { Plan } from '../plan/plan.ts';
import { getJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { runTask } from '../store/task.ts';
import type { BinsResult } from './bins.ts';
import { type Evaluated, type EvaluateResult, isRegression } from './evaluated.ts';
import { countImportance, shuffleRows, sumImportance } from './importance.ts';
import { scoreValues } from './score-values.ts';

export interface EvaluateTask {
  runId: string;
  partitionIndex: number;
}

const MAX_SCORE_COUNTS = 4000; // of all classes; at 40 bytes of JSON or less, 160 kB per partition

/**
 * Number of steps to which probabilities are rounded for ROC AUC; 0 with too many classes. It is a multiple of the number
 * of trees if one fits: then rounding changes nothing for a forest whose leaves are pure.
 */
export function scoreSteps(numClasses: number, numTrees: number): number {
  const most = Math.max(0, Math.floor(MAX_SCORE_COUNTS / 2 / (numClasses === 2 ? 1 : numClasses)) - 1);
  return most < numTrees ? most : most - (most % numTrees);
}

/**
 * Score the test rows of one partition. The answer is small: the result is in the store.
 *
 * @param loadModel gives the model of the run
 */
export async function evaluate(
  store: Store,
  plan: Plan,
  { runId, partitionIndex }: EvaluateTask,
  loadModel: () => Promise<Model>,
): Promise<Pick<EvaluateResult, 'numRows'>> {
  const keys = runKeys(runId);
  const read = (key: string) => store.get(key).then((bytes) => decodeRaw(bytes, key));
  const { numRows } = await runTask<Evaluated>(store, keys.evaluateResult(partitionIndex), async () => {
    const [model, rows, bins] = await Promise.all([
      loadModel(),
      read(keys.test(partitionIndex)),
      getJson<BinsResult>(store, keys.binsResult),
    ]);
    const shuffled = importanceRows(plan) > 0 ? shuffleRows(rows, plan, bins.donors) : undefined;
    // in one call: the kernel does not pay off for few rows
    const columns = shuffled ? rows.columns.map((values, j) => concat(values, shuffled.columns[j])) : rows.columns;
    const all = predictRows(model, columns);
    const own = all.subarray(0, rows.numRows * (model.numClasses || 1));
    const result = scorePredictions(rows.labels, own, model, bins);
    if (shuffled) {
      addImportance(result, rows.labels, { own, chosen: shuffled.chosen, shuffled: all.subarray(own.length) });
    }
    if (plan.numValidation === 0) return result;
    const validation = await read(keys.validation(partitionIndex));
    const predicted = predictRows(model, validation.columns);
    return { ...result, validation: scorePredictions(validation.labels, predicted, model, bins) } as Evaluated;
  });
  return { numRows };
}

function predictRows(forest: Forest, columns: Float32Array[]): Float64Array {
  return forest.numClasses > 0 ? predictProba(forest, columns) : predictValues(forest, columns);
}

/**
 * Score predictions; `importance` stays null.
 *
 * @param predicted probabilities, shape [numRows, numClasses], or values, shape [numRows]
 */
export function scorePredictions(
  labels: Labels,
  predicted: Float64Array,
  { numClasses, trees }: Forest,
  bins: BinsResult,
): Evaluated {
  return labels instanceof Float64Array
    ? scoreValues(labels, predicted, bins.values!)
    : scoreRows(labels, predicted, numClasses, trees.length);
}

function addImportance(
  result: Evaluated,
  labels: Labels,
  {
    own,
    chosen,
    shuffled,
  }: {
    /** Predictions of the partition's rows. */
    own: Float64Array;
    /** Positions of the rows in the sample. */
    chosen: readonly number[];
    /** Predictions of the rows of `shuffleRows`. */
    shuffled: Float64Array;
  },
): void {
  if (isRegression(result)) {
    result.importance = sumImportance(labels, own, chosen, shuffled);
    return;
  }
  const [predicted, changed] = [own, shuffled].map((part) => mostProbable(part, result.numClasses));
  result.importance = countImportance(labels, predicted, chosen, changed);
}

/** Score the probabilities of a classification as counts that can be merged; `importance` stays null. */
function scoreRows(
  labels: Uint16Array,
  probabilities: Float64Array,
  numClasses: number,
  numTrees: number,
): EvaluateResult {
  const steps = scoreSteps(numClasses, numTrees);
  const predicted = mostProbable(probabilities, numClasses);
  return {
    numRows: labels.length,
    pairs: countPairs(labels, predicted),
    numClasses,
    logLoss: logLoss(numClasses).partial(labels, probabilities),
    brier: brier(numClasses).partial(labels, probabilities),
    scores: steps > 0 ? countClassScores(labels, probabilities, numClasses, { steps }) : [],
    calibration: countCalibration(labels, predicted, probabilities, numClasses),
    importance: null,
  };
}

function countCalibration(
  labels: ArrayLike<number>,
  predicted: Uint16Array,
  probabilities: Float64Array,
  numClasses: number,
): CalibrationCounts[] {
  const ofClass = (row: number, k: number) => Math.min(1, probabilities[row * numClasses + k]);
  if (numClasses === 2)
    return calibrationCounts(
      labels,
      Float64Array.from(predicted, (_, row) => ofClass(row, 1)),
    );
  const isRight = Uint8Array.from(predicted, (k, row) => (labels[row] === k ? 1 : 0));
  return calibrationCounts(
    isRight,
    Float64Array.from(predicted, (k, row) => ofClass(row, k)),
  );
}

function concat(a: Float32Array, b: Float32Array): Float32Array {
  const joined = new Float32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Class of each row, like `predict`: ties go to the lowest class. */
function mostProbable(probabilities: Float64Array, numClasses: number): Uint16Array {
  return Uint16Array.from({ length: probabilities.length / numClasses }, (_, row) => {
    const ofRow = probabilities.subarray(row * numClasses, (row + 1) * numClasses);
    return ofRow.reduce((best, probability, k) => (probability > ofRow[best] ? k : best), 0);
  });
}
