// report.json of regression: its scores, residuals and density of predictions.

import { r2, squaredDistances } from '../metrics/r2.ts';
import type { BinsResult, ValueRangeAndMean } from '../stages/bins.ts';
import type { CellCount, ResidualCount, ValueEvaluateResult, ValueScores } from '../stages/evaluated.ts';
import { mergeValueImportance } from '../stages/importance.ts';
import { mergeDensity, mergeResiduals, mergeScores } from '../stages/score-values.ts';
import { type RunReport, summarizeFolds, type TaskFields } from './run-report.ts';

export interface ValueReport extends RunReport {
  task: 'regression';
  /** Share of the variance of the label that the predictions explain on the test rows; at most 1, below 0 when they are worse than the mean. */
  r2: number;
  /** 95 % interval of R² on rows of the same distribution; null when it is unknown. */
  r2Interval: [low: number, high: number] | null;
  /** R² of the values without noise on all rows; null when the generator does not know it. */
  r2Ceiling: number | null;
  /** Root of the mean squared error, in the label's unit. */
  rmse: number;
  /** Mean absolute error. */
  mae: number;
  /** RMSE of the baseline that always predicts the mean of the test rows. */
  rmseOfMean: number;
  /** Range and mean of the label in the whole dataset. */
  values: ValueRangeAndMean;
  /** Scores on the validation side; null without one. */
  validation: ValueScores | null;
  /** Scores of forests on the fold of the training rows that each was grown without; null without `folds`. */
  crossValidation: ValueCrossValidation | null;
  /** Test rows by true and predicted value, in `DENSITY_CELLS` equal cells from the lowest value to the highest. */
  density: CellCount[];
  /** Test rows by true value − prediction, in `RESIDUAL_STEPS`ths of the range of the values. */
  residuals: ResidualCount[];
}

export interface ValueCrossValidation {
  /** Mean over the folds, and its standard error: √ of the variance of the folds over their number. */
  r2: number;
  r2Error: number;
  folds: ValueScores[];
}

export function reportValues(
  evaluated: readonly ValueEvaluateResult[],
  bins: BinsResult,
  numFeatures: number,
  folds: readonly ValueEvaluateResult[],
): TaskFields<ValueReport> {
  const { r2: score, r2Interval, rmse, mae, numRows } = mergeScores(evaluated);
  const variance = squaredDistances(r2.merge(evaluated.map((part) => part.r2))) / numRows;
  const validation = evaluated.flatMap((part) => part.validation ?? []);
  return {
    task: 'regression',
    r2: score,
    r2Interval,
    r2Ceiling: bins.r2Ceiling ?? null,
    rmse,
    mae,
    rmseOfMean: Math.sqrt(variance),
    values: bins.values!,
    validation: validation.length > 0 ? mergeScores(validation) : null,
    crossValidation: folds.length > 0 ? crossValidate(folds.map((fold) => mergeScores([fold]))) : null,
    permutationImportances:
      variance > 0
        ? mergeValueImportance(
            evaluated.map(({ importance }) => importance),
            numFeatures,
            variance,
          )
        : null,
    density: mergeDensity(evaluated),
    residuals: mergeResiduals(evaluated),
  };
}

function crossValidate(folds: ValueScores[]): ValueCrossValidation {
  const { mean, error } = summarizeFolds(folds.map((fold) => fold.r2));
  return { r2: mean, r2Error: error, folds };
}
