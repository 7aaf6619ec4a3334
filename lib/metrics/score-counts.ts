// Rows counted by distinct score, for one class against the rest: the input of metrics of ranks and thresholds.

import { InputError } from '../base/errors.ts';
import { countPairs, mergePairs, type PairCount } from './confusion.ts';
import { checkNumClasses, checkProbabilities, checkRows } from './metric.ts';

/** Rows by (1 for the class, 0 for the rest) and score. */
export type ScoreCounts = PairCount[];

/**
 * Count the probabilities of each class against the rest; for two classes those of class 1 only, which determine the
 * other.
 *
 * @param options.steps rounds each probability to the nearest multiple of 1/steps, so that each class has at most
 *   2 (steps + 1) counts; `rocAucError` gives the error it causes
 */
export function countClassScores(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  numClasses: number,
  { weights, steps }: { weights?: ArrayLike<number>; steps?: number } = {},
): ScoreCounts[] {
  checkNumClasses(numClasses);
  checkProbabilities(labels, probabilities, numClasses);
  checkRows(labels, labels, weights);
  const isClass = new Uint8Array(labels.length);
  const scores = new Float64Array(labels.length);
  return Array.from({ length: numClasses === 2 ? 1 : numClasses }, (_, at) => {
    const k = numClasses === 2 ? 1 : at;
    for (let i = 0; i < labels.length; i++) {
      const probability = probabilities[i * numClasses + k];
      isClass[i] = labels[i] === k ? 1 : 0;
      scores[i] = steps === undefined ? probability : Math.round(probability * steps) / steps;
    }
    return countPairs(isClass, scores, weights);
  });
}

/** Merge class by class; without partials there are no classes. */
export function mergeClassScores(partials: readonly (readonly ScoreCounts[])[]): ScoreCounts[] {
  return Array.from({ length: partials[0]?.length ?? 0 }, (_, k) => mergePairs(partials.map((counts) => counts[k])));
}

/** A distinct score: the rows that have it, and the rows that have it or a higher one. */
export interface Threshold {
  score: number;
  positives: number;
  negatives: number;
  truePositives: number;
  falsePositives: number;
}

/** The distinct scores with a weight above 0 in descending order, with cumulative counts. */
export function thresholds(counts: ScoreCounts): Threshold[] {
  // `counts` is two ascending runs: the negatives, then the positives
  const numNegatives = counts.findIndex(([label]) => label === 1);
  const lastNegative = (numNegatives === -1 ? counts.length : numNegatives) - 1;
  const steps: Threshold[] = [];
  let truePositives = 0;
  let falsePositives = 0;
  for (let i = lastNegative, j = counts.length - 1; i >= 0 || j > lastNegative; ) {
    const score = Math.max(i >= 0 ? counts[i][1] : -Infinity, j > lastNegative ? counts[j][1] : -Infinity);
    const negatives = i >= 0 && counts[i][1] === score ? counts[i--][2] : 0;
    const positives = j > lastNegative && counts[j][1] === score ? counts[j--][2] : 0;
    truePositives += positives;
    falsePositives += negatives;
    if (positives + negatives > 0) steps.push({ score, positives, negatives, truePositives, falsePositives });
  }
  return steps;
}

/**
 * Combine the scores of the classes: their mean, or their mean weighted by the rows of each class. A single list of
 * counts (two classes) gives its own score.
 */
export function averageClasses(
  metric: string,
  counts: readonly ScoreCounts[],
  average: 'macro' | 'weighted',
  scoreOf: (steps: readonly Threshold[], what: string) => number,
): number {
  if (counts.length === 0) throw new InputError(`${metric} needs rows, got none`);
  let sum = 0;
  let totalWeight = 0;
  counts.forEach((classCounts, k) => {
    const steps = thresholds(classCounts);
    const value = scoreOf(steps, counts.length === 1 ? metric : `${metric} of class ${k}`);
    const weight = average === 'macro' || counts.length === 1 ? 1 : steps.at(-1)!.truePositives;
    sum += weight * value;
    totalWeight += weight;
  });
  return sum / totalWeight;
}

/** @throws {InputError} when one side has no rows */
export function checkBothSides(what: string, steps: readonly Threshold[]): { positives: number; negatives: number } {
  const { truePositives: positives, falsePositives: negatives } = steps.at(-1) ?? {
    truePositives: 0,
    falsePositives: 0,
  };
  if (positives === 0 || negatives === 0) {
    throw new InputError(`${what} needs rows of the class and of the rest, got ${positives} and ${negatives}`);
  }
  return { positives, negatives };
}
