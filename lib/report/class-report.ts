// report.json of classification: its scores, curves and confusion matrix.

import { measureAccuracy } from '../metrics/accuracy.ts';
import { averagePrecision } from '../metrics/average-precision.ts';
import { brier } from '../metrics/brier.ts';
import { type CalibrationBin, calibrationTable, mergeCalibration } from '../metrics/calibration.ts';
import { mergePairs, type PairCount } from '../metrics/confusion.ts';
import { type PrecisionRecallPoint, precisionRecallCurve, type RocPoint, rocCurve } from '../metrics/curves.ts';
import { logLoss } from '../metrics/log-loss.ts';
import { measureRocAuc, rocAucError } from '../metrics/roc-auc.ts';
import { mergeClassScores, type ScoreCounts } from '../metrics/score-counts.ts';
import type { BinsResult } from '../stages/bins.ts';
import type { EvaluateResult } from '../stages/evaluated.ts';
import { mergeImportance } from '../stages/importance.ts';
import { type RunReport, summarizeFolds, type TaskFields } from './run-report.ts';

const MAX_CURVES = 10;
const CURVE_POINTS = 100;

/** Curves of one class against the rest; with two classes, of class 1 only. */
export interface ClassCurves {
  label: number;
  rocAuc: number;
  averagePrecision: number;
  roc: RocPoint[];
  precisionRecall: PrecisionRecallPoint[];
}

/** The report of a classification. */
export interface ClassReport extends RunReport {
  /** Absent in reports of an earlier version. */
  task?: 'classification';
  accuracy: number;
  /** 95 % interval of the accuracy. */
  accuracyInterval: [low: number, high: number];
  /** Best possible accuracy on this data; null when the generator does not know it. */
  accuracyCeiling: number | null;
  /** Mean of −ln of the probability of the true class. */
  logLoss: number;
  /** Squared distance of the probabilities from the labels; halved for two classes. */
  brier: number;
  /**
   * ROC AUC of rounded probabilities (see `scoreSteps`): class 1, or the mean over classes of one against the rest.
   * Null when a class has all test rows or none, or with more than 1,000 classes.
   */
  rocAuc: number | null;
  /** Maximum effect of rounding; 0 when all leaves are pure and `scoreSteps` is a multiple of the trees. */
  rocAucError: number | null;
  /** Scores on the validation side; null without one. */
  validation: Validation | null;
  /** Scores of forests on the fold of the training rows that each was grown without; null without `folds`. */
  crossValidation: CrossValidation | null;
  /** Curves of the classes with the most test rows, at most 10; empty when `rocAuc` is null. */
  curves: ClassCurves[];
  /** Calibration of class 1 (two classes) or of the predicted class. */
  calibration: CalibrationBin[];
  /** Rows of each class in the whole dataset. */
  classCounts: number[];
  /** Test rows by class and predicted class. */
  confusion: PairCount[];
}

export interface CrossValidation {
  /** Mean over the folds, and its standard error: √ of the variance of the folds over their number. */
  accuracy: number;
  accuracyError: number;
  folds: { accuracy: number; logLoss: number; numRows: number }[];
}

export interface Validation {
  accuracy: number;
  /** 95 % interval of the accuracy. */
  accuracyInterval: [low: number, high: number];
  logLoss: number;
  numRows: number;
}

export function reportClasses(
  evaluated: readonly EvaluateResult[],
  bins: BinsResult,
  numFeatures: number,
  folds: readonly EvaluateResult[],
): TaskFields<ClassReport> {
  const confusion = mergePairs(evaluated.map(({ pairs }) => pairs));
  const { accuracy, interval } = measureAccuracy(confusion);
  const { numClasses } = evaluated[0];
  const logLossOf = logLoss(numClasses);
  const brierOf = brier(numClasses);
  const scores = mergeClassScores(evaluated.map((part) => part.scores));
  const hasAuc = scores.length > 0 && scores.every((counts) => new Set(counts.map(([isClass]) => isClass)).size === 2);
  return {
    task: 'classification',
    accuracy,
    accuracyInterval: interval,
    accuracyCeiling: bins.accuracyCeiling,
    logLoss: logLossOf.value(logLossOf.merge(evaluated.map((part) => part.logLoss))),
    brier: brierOf.value(brierOf.merge(evaluated.map((part) => part.brier))),
    rocAuc: hasAuc ? measureRocAuc(scores) : null,
    rocAucError: hasAuc ? rocAucError(scores) : null,
    validation: validate(evaluated.flatMap(({ validation }) => validation ?? [])),
    crossValidation: folds.length > 0 ? crossValidate(folds) : null,
    permutationImportances: mergeImportance(
      evaluated.map(({ importance }) => importance),
      numFeatures,
    ),
    curves: hasAuc ? makeCurves(scores) : [],
    calibration: calibrationTable(mergeCalibration(evaluated.map(({ calibration }) => calibration))),
    classCounts: bins.classCounts,
    confusion,
  };
}

function validate(results: readonly EvaluateResult[]): Validation | null {
  if (results.length === 0) return null;
  const { accuracy, interval } = measureAccuracy(mergePairs(results.map(({ pairs }) => pairs)));
  const logLossOf = logLoss(results[0].numClasses);
  return {
    accuracy,
    accuracyInterval: interval,
    logLoss: logLossOf.value(logLossOf.merge(results.map((part) => part.logLoss))),
    numRows: results.reduce((sum, { numRows }) => sum + numRows, 0),
  };
}

function crossValidate(results: readonly EvaluateResult[]): CrossValidation {
  const folds = results.map(({ pairs, logLoss: partial, numRows, numClasses }) => ({
    accuracy: measureAccuracy(pairs).accuracy,
    logLoss: logLoss(numClasses).value(partial),
    numRows,
  }));
  const { mean, error } = summarizeFolds(folds.map(({ accuracy }) => accuracy));
  return { accuracy: mean, accuracyError: error, folds };
}

/** Curves of the classes with the most rows; ties go to the lower class. */
function makeCurves(scores: readonly ScoreCounts[]): ClassCurves[] {
  const rowsOf = (counts: ScoreCounts) => counts.reduce((sum, [isClass, , rows]) => sum + isClass * rows, 0);
  const precision = averagePrecision(2);
  return scores
    .map((counts, k) => ({ counts, label: scores.length === 1 ? 1 : k, numRows: rowsOf(counts) }))
    .sort((a, b) => b.numRows - a.numRows || a.label - b.label)
    .slice(0, MAX_CURVES)
    .sort((a, b) => a.label - b.label)
    .map(({ counts, label }) => ({
      label,
      rocAuc: measureRocAuc([counts]),
      averagePrecision: precision.value([counts]),
      roc: rocCurve(counts, CURVE_POINTS),
      precisionRecall: precisionRecallCurve(counts, CURVE_POINTS),
    }));
}
