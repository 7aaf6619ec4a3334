// Precision, recall and F1.

import { InputError } from '../base/errors.ts';
import { type ClassTotals, classMetric, classTotals, type PairCount } from './confusion.ts';
import { addExact, nearestSum, settle } from './exact-sum.ts';
import type { Metric } from './metric.ts';

/**
 * How the scores of the classes become one: the score of class 1 (labels 0 and 1 only), the mean, the mean weighted by
 * the rows of each class, or the score of the added counts. Classes are those that occur as a label or as a prediction.
 */
export type Average = 'binary' | 'macro' | 'weighted' | 'micro';

interface PrecisionRecall {
  /** Share of the rows predicted as the class that belong to it. */
  precision: number;
  /** Share of the rows of the class that are predicted as it. */
  recall: number;
  /** Harmonic mean of the two, as 2 correct / (actual + predicted). */
  f1: number;
}

/**
 * scikit-learn's precision_recall_fscore_support. Where a denominator is 0 (a class without predictions or rows) the
 * score is 0, which is also scikit-learn's default, but without a warning.
 *
 * @throws {InputError} when the weight of the rows is 0, or `binary` gets classes other than 0 and 1
 */
function precisionRecall(pairs: readonly PairCount[], average: Average): PrecisionRecall {
  const classes = classTotals('precision and recall', pairs);
  if (average === 'micro') return computeScores(addUp(classes));
  if (average === 'binary') {
    const other = classes.find(({ label }) => label > 1);
    if (other) throw new InputError(`average binary supports the classes 0 and 1 only, got ${other.label}`);
    return computeScores(classes.find(({ label }) => label === 1) ?? NO_ROWS);
  }
  const mean: PrecisionRecall = { precision: 0, recall: 0, f1: 0 };
  let totalWeight = 0;
  for (const totals of classes) {
    const { precision, recall, f1 } = computeScores(totals);
    const weight = average === 'macro' ? 1 : totals.actual;
    mean.precision += weight * precision;
    mean.recall += weight * recall;
    mean.f1 += weight * f1;
    totalWeight += weight;
  }
  return { precision: mean.precision / totalWeight, recall: mean.recall / totalWeight, f1: mean.f1 / totalWeight };
}

/** scikit-learn's precision_score. */
export const precision = (average: Average) => metric('precision', average);
/** scikit-learn's recall_score. */
export const recall = (average: Average) => metric('recall', average);
/** scikit-learn's f1_score. */
export const f1 = (average: Average) => metric('f1', average);

function metric(name: keyof PrecisionRecall, average: Average): Metric<PairCount[]> {
  return classMetric(name, (pairs) => precisionRecall(pairs, average)[name]);
}

const NO_ROWS: ClassTotals = { label: 1, actual: 0, predicted: 0, correct: 0 };

function computeScores({ actual, predicted, correct }: ClassTotals): PrecisionRecall {
  return {
    precision: predicted === 0 ? 0 : correct / predicted,
    recall: actual === 0 ? 0 : correct / actual,
    f1: actual + predicted === 0 ? 0 : (2 * correct) / (actual + predicted),
  };
}

function addUp(classes: readonly ClassTotals[]): ClassTotals {
  const total = (key: 'actual' | 'predicted' | 'correct') => {
    const parts: number[] = [];
    for (const totals of classes) addExact(parts, totals[key]);
    settle(parts);
    return nearestSum(parts);
  };
  return { label: -1, actual: total('actual'), predicted: total('predicted'), correct: total('correct') };
}
