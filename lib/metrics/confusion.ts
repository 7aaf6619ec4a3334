// Counts of pairs: enough for every metric of predicted classes (pairs of label and predicted class) and for every metric
// of ranks (pairs of label and score). Merged by exact addition.

import { addExact, settle } from './exact-sum.ts';
import { checkRows } from './metric.ts';

/** Rows of class `label` that were predicted as `predicted`: their number or weight, and what that rounds off. */
export type PairCount = [label: number, predicted: number, rows: number, ...rest: number[]];

const ROWS = 2; // where the sum of a pair starts

/** Count the pairs that occur, ordered by label, then by prediction. */
export function countPairs(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  weights?: ArrayLike<number>,
): PairCount[] {
  checkRows(labels, predicted, weights);
  const table: PairTable = new Map();
  for (let i = 0; i < labels.length; i++) addExact(entryOf(table, labels[i], predicted[i]), weights?.[i] ?? 1, ROWS);
  return toPairs(table);
}

/** Add up counts of several partitions. */
export function mergePairs(partitions: readonly (readonly PairCount[])[]): PairCount[] {
  const table: PairTable = new Map();
  for (const pairs of partitions) {
    for (const pair of pairs) {
      const entry = entryOf(table, pair[0], pair[1]);
      for (let i = ROWS; i < pair.length; i++) addExact(entry, pair[i], ROWS);
    }
  }
  return toPairs(table);
}

/**
 * Rows of each class, by predicted class: row-major, shape [numClasses, numClasses], as scikit-learn's confusion_matrix.
 *
 * @throws {RangeError} when a class is out of range
 */
export function confusionMatrix(pairs: readonly PairCount[], numClasses: number): Float64Array {
  const matrix = new Float64Array(numClasses * numClasses);
  for (const [label, predicted, rows] of pairs) {
    if (!(isClass(label, numClasses) && isClass(predicted, numClasses))) {
      throw new RangeError(`classes must be from 0 to ${numClasses - 1}, got label ${label} predicted as ${predicted}`);
    }
    matrix[label * numClasses + predicted] = rows;
  }
  return matrix;
}

/** What is known of one class: the weight of its rows, of the rows predicted as it, and of those that are both. */
export interface ClassTotals {
  label: number;
  actual: number;
  predicted: number;
  correct: number;
}

/**
 * Totals of every class that occurs as a label or as a prediction, in ascending order.
 *
 * @throws {RangeError} when there are no rows or their weight is 0
 */
export function classTotals(metric: string, pairs: readonly PairCount[]): ClassTotals[] {
  const totals = new Map<number, { actual: number[]; predicted: number[]; correct: number[] }>();
  const totalOf = (label: number) => {
    const known = totals.get(label);
    if (known) return known;
    const fresh = { actual: [], predicted: [], correct: [] };
    totals.set(label, fresh);
    return fresh;
  };
  let hasWeight = false;
  for (const [label, predicted, ...rows] of pairs) {
    const [actualTotal, predictedTotal] = [totalOf(label), totalOf(predicted)];
    for (const part of rows) {
      addExact(actualTotal.actual, part);
      addExact(predictedTotal.predicted, part);
      if (label === predicted) addExact(actualTotal.correct, part);
    }
    hasWeight ||= rows[0] > 0;
  }
  if (!hasWeight)
    throw new RangeError(`${metric} needs rows of a weight above 0, got ${pairs.length ? 'weight 0' : 'none'}`);
  const nearest = (parts: number[]) => {
    settle(parts);
    return parts[0] ?? 0;
  };
  return [...totals.entries()]
    .sort(([a], [b]) => a - b)
    .map(([label, { actual, predicted, correct }]) => ({
      label,
      actual: nearest(actual),
      predicted: nearest(predicted),
      correct: nearest(correct),
    }));
}

type PairTable = Map<number, Map<number, PairCount>>;

/** The pair's entry; a new one has no rows yet, and 0 for -0, which JSON loses. */
function entryOf(table: PairTable, label: number, predicted: number): number[] {
  let row = table.get(label);
  if (!row) table.set(label, (row = new Map()));
  let entry = row.get(predicted);
  if (!entry) row.set(predicted, (entry = [label + 0, predicted + 0] as unknown as PairCount));
  return entry;
}

function toPairs(table: PairTable): PairCount[] {
  const pairs: PairCount[] = [];
  for (const row of table.values()) {
    for (const entry of row.values()) {
      settle(entry, ROWS);
      pairs.push(entry);
    }
  }
  return pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

const isClass = (value: number, numClasses: number) => Number.isInteger(value) && value >= 0 && value < numClasses;
