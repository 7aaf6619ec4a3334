// Scores of a regression on some rows, as sums and counts that can be merged.

import { r2 } from '../metrics/r2.ts';
import { mergeR2Spreads, r2Interval, r2Spread } from '../metrics/r2-interval.ts';
import { meanAbsoluteError, rootMeanSquaredError } from '../metrics/regression-metrics.ts';
import type { ValueRangeAndMean } from './bins.ts';
import type { CellCount, ResidualCount, ValueEvaluateResult, ValueScores } from './evaluated.ts';

/** Cells along each axis of the density of true and predicted values. */
export const DENSITY_CELLS = 40;
/** Steps of a residual from 0 to the range of the values; the report merges them into bars. */
export const RESIDUAL_STEPS = 2000;

/** @param values of the whole data set: the same for all partitions */
export function scoreValues(
  labels: ArrayLike<number>,
  predictions: Float64Array,
  { min, max, mean }: ValueRangeAndMean,
): ValueEvaluateResult {
  const cells = new Map<number, number>();
  const steps = new Map<number, number>();
  const toCell = (value: number) =>
    Math.min(DENSITY_CELLS - 1, Math.max(0, Math.floor(((value - min) / (max - min)) * DENSITY_CELLS)));
  for (let row = 0; row < labels.length; row++) {
    count(cells, toCell(labels[row]) * DENSITY_CELLS + toCell(predictions[row]));
    count(steps, Math.round(((labels[row] - predictions[row]) / (max - min)) * RESIDUAL_STEPS));
  }
  return {
    numRows: labels.length,
    numClasses: 0,
    r2: r2.partial(labels, predictions),
    absolute: meanAbsoluteError.partial(labels, predictions),
    spread: r2Spread(labels, predictions, mean),
    density: ascending(cells).map(([cell, rows]) => [Math.floor(cell / DENSITY_CELLS), cell % DENSITY_CELLS, rows]),
    residuals: ascending(steps),
    importance: null,
  };
}

/** @param parts with two rows or more in all */
export function mergeScores(parts: readonly ValueEvaluateResult[]): ValueScores {
  const merged = r2.merge(parts.map((part) => part.r2));
  const value = r2.value(merged);
  return {
    r2: value,
    r2Interval: r2Interval(value, mergeR2Spreads(parts.map(({ spread }) => spread))),
    rmse: rootMeanSquaredError.value({ weight: merged.weight, total: merged.errors }),
    mae: meanAbsoluteError.value(meanAbsoluteError.merge(parts.map(({ absolute }) => absolute))),
    numRows: merged.numRows,
  };
}

export function mergeDensity(parts: readonly ValueEvaluateResult[]): CellCount[] {
  const cells = new Map<number, number>();
  for (const { density } of parts) {
    for (const [actual, predicted, rows] of density) count(cells, actual * DENSITY_CELLS + predicted, rows);
  }
  return ascending(cells).map(([cell, rows]) => [Math.floor(cell / DENSITY_CELLS), cell % DENSITY_CELLS, rows]);
}

export function mergeResiduals(parts: readonly ValueEvaluateResult[]): ResidualCount[] {
  const steps = new Map<number, number>();
  for (const { residuals } of parts) for (const [step, rows] of residuals) count(steps, step, rows);
  return ascending(steps);
}

function count(counts: Map<number, number>, key: number, rows = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + rows);
}

function ascending(counts: Map<number, number>): [number, number][] {
  return [...counts].sort(([a], [b]) => a - b).map(([key, rows]) => [key + 0, rows]); // never -0, which JSON loses
}
