// The results that evaluate and fold leave in the store, of classification and of regression.

import type { CalibrationCounts } from '../metrics/calibration.ts';
import type { PairCount } from '../metrics/confusion.ts';
import type { R2Partial } from '../metrics/r2.ts';
import type { R2SpreadPartial } from '../metrics/r2-interval.ts';
import type { ScoreCounts } from '../metrics/score-counts.ts';
import type { MeanPartial } from '../metrics/weighted-mean.ts';
import type { ImportanceCounts } from './importance.ts';
import type { ValueImportanceSums } from './value-importance.ts';

/** Rows by cell of the true and of the predicted value, those that occur, in ascending order. */
export type CellCount = [actual: number, predicted: number, numRows: number];
/** Rows by residual, true value − prediction, in `RESIDUAL_STEPS`ths of the range, those that occur, ascending. */
export type ResidualCount = [step: number, numRows: number];
export interface ValueEvaluateResult {
  numRows: number;
  /** Of classes there would be some. */
  numClasses: 0;
  r2: R2Partial;
  absolute: MeanPartial;
  spread: R2SpreadPartial;
  density: CellCount[];
  residuals: ResidualCount[];
  /** Null when the forest is too large for it, and where it was not asked for. */
  importance: ValueImportanceSums | null;
  /** The same of the validation side, where there is one. */
  validation?: ValueEvaluateResult;
}

/** Scores of values; the same for any partitioning of the rows. */
export interface ValueScores {
  r2: number;
  /** 95 % interval of R²; null where it is not known. */
  r2Interval: [low: number, high: number] | null;
  rmse: number;
  mae: number;
  numRows: number;
}

/** Of classes; of values there is `ValueEvaluateResult`. */
export interface EvaluateResult {
  numRows: number;
  /** Rows by class and predicted class, the pairs that occur, in ascending order. */
  pairs: PairCount[];
  numClasses: number;
  logLoss: MeanPartial;
  brier: MeanPartial;
  /** For ROC AUC: rows by rounded probability, of class 1 or of each of many classes; empty when there are too many. */
  scores: ScoreCounts[];
  /** Of class 1 for two classes, else of the predicted class: its probability, and whether it is the row's. */
  calibration: CalibrationCounts[];
  /** Null when the forest is too large for it, and where it was not asked for. */
  importance: ImportanceCounts | null;
  /** The same of the validation side, where there is one. */
  validation?: EvaluateResult;
}

/** What a task of the stage leaves. */
export type Evaluated = EvaluateResult | ValueEvaluateResult;
/** Whether a result of the stage is one of values. */
export function isRegression(result: Evaluated): result is ValueEvaluateResult {
  return result.numClasses === 0;
}
