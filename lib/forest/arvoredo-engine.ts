// Our own trainer.

import type { ForestEngine } from './engine.ts';
import { growForestInThreads } from './grow-forest.ts';
import { type ForestParams, findBeyondPlain, isFraction, resolveMaxFeatures } from './params.ts';
import { tableOfRows } from './training-table.ts';

// time of a row at one level of a tree, per pass over four features: 12 ms of one core for a tree of two classes on
// 90,000 rows of 20 features, 45 ms for one of three classes (two cores shared with others, November 2026)
const TWO_CLASS_SECONDS = 0.8e-8;
const MANY_CLASS_SECONDS = 3e-8;
// two classes wait for memory when the codes pass the cache: measured 1.2 times as long for 1,000,000 × 20, 1.35 for
// 5,000,000 × 20, 1.4 for 200,000 × 100, 2.4 for 200,000 × 300, 2 for 10,000 × 1,000, 2.9 for 100,000 × 1,000
const CACHE_BYTES = 30e6;
const NARROW_FEATURES = 32; // the codes of a row share a cache line
const MAX_WAITING = { narrow: 0.4, wide: 2 };

// the general trainer, per feature: 10,000 and 90,000 rows, 2, 3 and 10 classes took 20 to 55 ns for Gini, 33 to 90 for
// entropy; with weights that aren't whole numbers, whose logarithms no table holds, entropy took 1,800 to 2,100
const GENERAL_SECONDS = 4.5e-8;
const GENERAL_ENTROPY_SECONDS = 8e-8;
const REAL_ENTROPY_SECONDS = 2e-6;
// of values, 10,000 to 90,000 rows, 7 and 20 features a node; besides, a node costs about as much as some features do
const VALUE_SECONDS = { squared_error: 2.5e-8, poisson: 3.6e-8, absolute_error: 1.3e-7 };
const VALUE_NODE_FEATURES = 10;
// in the kernel: 10.5 ms of one core for a tree on 10,000 × 20 rows, 100 on 90,000 and 1,300 on 1,000,000, 43 with 6 of
// the features on 90,000, 440 on 90,000 × 100
const FAST_VALUE_SECONDS = 2.8e-9;
const FAST_VALUE_NODE_FEATURES = 4.5;

export const arvoredoEngine: ForestEngine = {
  name: 'arvoredo',
  defaultMaxFeatures: 'sqrt',
  forecastSeconds({ numRows, numFeatures, numClasses, isPlain = true }, params) {
    const isFast = isPlain && findBeyondPlain(params) === undefined;
    const { maxSamples = null, maxDepth, numTrees } = params;
    const drawn = maxSamples === null ? 1 : isFraction(maxSamples) ? maxSamples : Math.min(1, maxSamples / numRows);
    const levels = Math.min(Math.log2(numRows * drawn + 1), maxDepth ?? Number.POSITIVE_INFINITY);
    const features = resolveMaxFeatures(params.maxFeatures, numFeatures);
    const passes = passesOf(features, numClasses, isFast);
    const seconds = secondsPerRow(params, numRows * drawn, numFeatures, numClasses, isFast);
    return numTrees * numRows * drawn * levels * passes * seconds;
  },
  checkParams() {},
  growTrees(rows, { edges, numClasses, isCategorical }, params, treeStart, treeEnd, beforeTree) {
    const table = tableOfRows(rows, edges, numClasses, isCategorical);
    return growForestInThreads(table, params, treeStart, treeEnd, undefined, beforeTree);
  },
};

/** Passes over the rows of a node: of the fast trainer of classes four features at a time, else a feature. */
function passesOf(features: number, numClasses: number, isFast: boolean): number {
  if (numClasses === 0) return features + (isFast ? FAST_VALUE_NODE_FEATURES : VALUE_NODE_FEATURES);
  return isFast ? Math.ceil(features / 4) : features;
}

/** Time of a row at one level of a tree, per pass. */
function secondsPerRow(
  params: ForestParams,
  numRows: number,
  numFeatures: number,
  numClasses: number,
  isFast: boolean,
): number {
  if (isFast && numClasses === 0) return FAST_VALUE_SECONDS;
  if (isFast) {
    const most = numFeatures > NARROW_FEATURES ? MAX_WAITING.wide : MAX_WAITING.narrow;
    const waiting = Math.min(most, (numRows * numFeatures) / CACHE_BYTES);
    // leaves that must have more than one row are left to the search of many classes
    return numClasses <= 2 && params.minSamplesLeaf === 1 ? TWO_CLASS_SECONDS * (1 + waiting) : MANY_CLASS_SECONDS;
  }
  if (numClasses === 0) return VALUE_SECONDS[(params.criterion ?? 'squared_error') as keyof typeof VALUE_SECONDS];
  const { criterion = 'gini', bootstrap, classWeight = null } = params;
  if (criterion === 'gini') return GENERAL_SECONDS;
  const hasRealWeights = bootstrap ? classWeight === 'balanced_subsample' : classWeight !== null;
  return hasRealWeights ? REAL_ENTROPY_SECONDS : GENERAL_ENTROPY_SECONDS;
}
