// How many test rows permutation importance uses.

import type { Plan } from './plan.ts';

const MAX_ROWS = 2000;
const MIN_ROWS = 100; // fewer rows give no useful estimate
/** Rows × features × trees: 0.2 s on one core for fully grown trees. */
const MAX_WORK = 4_000_000;
/** Values of the permuted rows, where each row appears once for each feature: 80 MB. */
const MAX_VALUES = 20_000_000;

/**
 * Approximate number of test rows in the sample for the importances; 0 if even a few rows would take too much time or
 * memory. With a search, the number that the candidate with the fewest trees allows.
 */
export function importanceRows({ params, numTest, forest, search }: Plan): number {
  if (search) return search.candidates.reduce((most, { plan }) => Math.max(most, importanceRows(plan)), 0);
  const { features } = params;
  const affordable = Math.floor(Math.min(MAX_WORK / (features * forest.numTrees), MAX_VALUES / features ** 2));
  return affordable < MIN_ROWS ? 0 : Math.min(MAX_ROWS, affordable, numTest);
}
