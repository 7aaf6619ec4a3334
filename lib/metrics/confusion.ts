// Counts of pairs of two numbers. Pairs of label and predicted class are the partial of all metrics of predicted
// classes, pairs of label and score that of all metrics of ranks. Merging adds exactly.

import { InputError } from '../base/errors.ts';
import { addExact, nearestSum, settle } from './exact-sum.ts';
import { checkClasses, checkRows, type Metric } from './metric.ts';

/** Number or weight of the rows of class `label` that were predicted as `predicted`, as an exact sum in stored form. */
export type PairCount = [label: number, predicted: number, rows: number, ...rest: number[]];

const SUM_START = 2; // index of the sum in a pair

/** A metric of predicted classes; all of them share one partial. */
export function classMetric(name: string, value: (pairs: readonly PairCount[]) => number): Metric<PairCount[]> {
  return {
    name,
    partial(labels, predicted, weights) {
      checkClasses('label', labels);
      checkClasses('predicted class', predicted);
      return countPairs(labels, predicted, weights);
    },
    merge: mergePairs,
    value,
  };
}

/** Count the pairs that occur, ordered by label, then by prediction. */
export function countPairs(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  weights?: ArrayLike<number>,
): PairCount[] {
  checkRows(labels, predicted, weights);
  const table: PairTable = new Map();
  for (let i = 0; i < labels.length; i++)
    addExact(findOrAddEntry(table, labels[i], predicted[i]), weights?.[i] ?? 1, SUM_START);
  return toPairs(table);
}

/** Add up the counts of several partitions. */
export function mergePairs(partitions: readonly (readonly PairCount[])[]): PairCount[] {
  const table: PairTable = new Map();
  for (const pairs of partitions) {
    for (const pair of pairs) {
      const entry = findOrAddEntry(table, pair[0], pair[1]);
      for (let i = SUM_START; i < pair.length; i++) addExact(entry, pair[i], SUM_START);
    }
  }
  return toPairs(table);
}

/**
 * Rows of each class, by predicted class: row-major, shape [numClasses, numClasses], as scikit-learn's
 * confusion_matrix.
 *
 * @throws {InputError} when a class is out of range
 */
export function confusionMatrix(pairs: readonly PairCount[], numClasses: number): Float64Array {
  const matrix = new Float64Array(numClasses * numClasses);
  for (const [label, predicted, rows] of pairs) {
    if (!(isClass(label, numClasses) && isClass(predicted, numClasses))) {
      throw new InputError(`classes must be from 0 to ${numClasses - 1}, got label ${label} predicted as ${predicted}`);
    }
    matrix[label * numClasses + predicted] = rows;
  }
  return matrix;
}

/** Rows of one class, rows predicted as it, and rows that are both: their number or weight. */
export interface ClassTotals {
  label: number;
  actual: number;
  predicted: number;
  correct: number;
}

/**
 * Totals of every class that occurs as a label or as a prediction, in ascending order.
 *
 * @throws {InputError} when there are no rows or their weight is 0
 */
export function classTotals(metric: string, pairs: readonly PairCount[]): ClassTotals[] {
  const totals = new Map<number, { actual: number[]; predicted: number[]; correct: number[] }>();
  const findOrAdd = (label: number) => {
    let sums = totals.get(label);
    if (!sums) totals.set(label, (sums = { actual: [], predicted: [], correct: [] }));
    return sums;
  };
  let hasWeight = false;
  for (const [label, predicted, ...rows] of pairs) {
    const [actualTotal, predictedTotal] = [findOrAdd(label), findOrAdd(predicted)];
    for (const part of rows) {
      addExact(actualTotal.actual, part);
      addExact(predictedTotal.predicted, part);
      if (label === predicted) addExact(actualTotal.correct, part);
    }
    hasWeight ||= rows[0] > 0;
  }
  if (!hasWeight)
    throw new InputError(`${metric} needs rows of a weight above 0, got ${pairs.length ? 'weight 0' : 'none'}`);
  const toNumber = (parts: number[]) => {
    settle(parts);
    return nearestSum(parts);
  };
  return [...totals.entries()]
    .sort(([a], [b]) => a - b)
    .map(([label, { actual, predicted, correct }]) => ({
      label,
      actual: toNumber(actual),
      predicted: toNumber(predicted),
      correct: toNumber(correct),
    }));
}

type PairTable = Map<number, Map<number, PairCount>>;

/** A new entry has no rows yet. Its numbers are 0 where they were -0, which JSON does not keep. */
function findOrAddEntry(table: PairTable, label: number, predicted: number): PairCount {
  let row = table.get(label);
  if (!row) table.set(label, (row = new Map()));
  let entry = row.get(predicted);
  if (!entry) row.set(predicted, (entry = [label + 0, predicted + 0, 0]));
  return entry;
}

function toPairs(table: PairTable): PairCount[] {
  const pairs: PairCount[] = [];
  for (const row of table.values()) {
    for (const entry of row.values()) {
      settle(entry, SUM_START);
      pairs.push(entry);
    }
  }
  return pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}

const isClass = (value: number, numClasses: number) => Number.isInteger(value) && value >= 0 && value < numClasses;
