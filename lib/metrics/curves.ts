// Points of the ROC curve and of the precision–recall curve, thinned for drawing.

import { InputError } from '../base/errors.ts';
import { checkBothSides, type ScoreCounts, type Threshold, thresholds } from './score-counts.ts';

export interface RocPoint {
  /** Rows with at least this score are predicted as the class; null: none are. */
  threshold: number | null;
  falsePositiveRate: number;
  truePositiveRate: number;
}

export interface PrecisionRecallPoint {
  /** As in `RocPoint`. */
  threshold: number | null;
  precision: number;
  recall: number;
}

const MAX_POINTS = 200; // a drawing of 800 pixels does not show more

/**
 * From (0, 0) to (1, 1), by falling threshold: all points of scikit-learn's roc_curve without `drop_intermediate`. If
 * there are more than `maxPoints`, `maxPoints` of them or fewer, at about equal distances along the curve.
 *
 * @param maxPoints at least 2
 * @throws {InputError} when one side has no rows
 */
export function rocCurve(counts: ScoreCounts, maxPoints = MAX_POINTS): RocPoint[] {
  const steps = thresholds(counts);
  const { positives, negatives } = checkBothSides('rocCurve', steps);
  return [
    { threshold: null, falsePositiveRate: 0, truePositiveRate: 0 },
    ...thin(steps, maxPoints - 1).map(({ score, truePositives, falsePositives }) => ({
      threshold: score,
      falsePositiveRate: falsePositives / negatives,
      truePositiveRate: truePositives / positives,
    })),
  ];
}

/**
 * From recall 0 (where precision is 1 by definition) to recall 1, by falling threshold: scikit-learn's
 * precision_recall_curve in reverse order, thinned like `rocCurve`.
 *
 * @param maxPoints at least 2
 * @throws {InputError} when one side has no rows
 */
export function precisionRecallCurve(counts: ScoreCounts, maxPoints = MAX_POINTS): PrecisionRecallPoint[] {
  const steps = thresholds(counts);
  const { positives } = checkBothSides('precisionRecallCurve', steps);
  return [
    { threshold: null, precision: 1, recall: 0 },
    ...thin(steps, maxPoints - 1).map(({ score, truePositives, falsePositives }) => ({
      threshold: score,
      precision: truePositives / (truePositives + falsePositives),
      recall: truePositives / positives,
    })),
  ];
}

/** Keep at most `limit` steps, always the last one, evenly spread over the sum of both rates. */
function thin(steps: readonly Threshold[], limit: number): readonly Threshold[] {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) {
    throw new InputError(`maxPoints must be an integer ≥ 2, got ${limit + 1}`);
  }
  if (steps.length <= limit) return steps;
  const last = steps[steps.length - 1];
  const kept: Threshold[] = [];
  for (const step of steps) {
    const along = (step.truePositives / last.truePositives + step.falsePositives / last.falsePositives) / 2;
    // `limit` marks divide the curve evenly, the last at its end; keep the first step at or after each
    if (step === last || (kept.length < limit - 1 && along >= (kept.length + 1) / limit)) kept.push(step);
  }
  return kept;
}
