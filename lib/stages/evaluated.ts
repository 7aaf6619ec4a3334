// The results that the tasks evaluate and fold store, for classification and for regression.

import type { CalibrationCounts } from '../metrics/calibration.ts';
import type { PairCount } from '../metrics/confusion.ts';
import type { R2Partial } from '../metrics/r2.ts';
import type { R2SpreadPartial } from '../metrics/r2-interval.ts';
import type { ScoreCounts } from '../metrics/score-counts.ts';
import type { MeanPartial } from '../metrics/weighted-mean.ts';
import type { ImportanceCounts, ValueImportanceSums } from './importance.ts';

/** Number of rows by cell of the true and of the predicted value: cells with rows only, ascending. */
export type CellCount = [actual: number, predicted: number, numRows: number];
/** Number of rows by residual, true value − prediction, in `RESIDUAL_STEPS`ths of the range: steps with rows only, ascending. */
export type ResidualCount = [step: number, numRows: number];
export interface ValueEvaluateResult {
  numRows: number;
  /** 0 marks a regression. */
  numClasses: 0;
  r2: R2Partial;
  absolute: MeanPartial;
  spread: R2SpreadPartial;
  density: CellCount[];
  residuals: ResidualCount[];
  /** Null when the forest is too large for it, on the validation side, and on a fold. */
  importance: ValueImportanceSums | null;
  /** The validation side, if there is one. */
  validation?: ValueEvaluateResult;
}

/** Scores of a regression; the same for any partitioning of the rows. */
export interface ValueScores {
  r2: number;
  /** 95 % interval of R²; null when it is unknown. */
  r2Interval: [low: number, high: number] | null;
  rmse: number;
  mae: number;
  numRows: number;
}

/** The result of a classification. */
export interface EvaluateResult {
  numRows: number;
  /** Number of rows by class and predicted class: pairs with rows only, ascending. */
  pairs: PairCount[];
  numClasses: number;
  logLoss: MeanPartial;
  brier: MeanPartial;
  /** For ROC AUC: rows by rounded probability, for class 1 or for each of more than two classes; empty with too many classes. */
  scores: ScoreCounts[];
  /** The probability of class 1 (two classes) or of the predicted class, and whether it is the row's class. */
  calibration: CalibrationCounts[];
  /** Null when the forest is too large for it, on the validation side, and on a fold. */
  importance: ImportanceCounts | null;
  /** The validation side, if there is one. */
  validation?: EvaluateResult;
}

export type Evaluated = EvaluateResult | ValueEvaluateResult;

export function isClassification(result: Evaluated): result is EvaluateResult {
  return result.numClasses > 0;
}

export function isRegression(result: Evaluated): result is ValueEvaluateResult {
  return result.numClasses === 0;
}
