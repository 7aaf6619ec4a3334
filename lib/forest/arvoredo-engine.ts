// Our own trainer.

import type { ForestEngine } from './engine.ts';
import { growForestInThreads } from './grow-forest.ts';
import { resolveMaxFeatures } from './params.ts';
import { classTable } from './training-table.ts';

// time of a row at one level of a tree, per pass over four features: 12 ms of one core for a tree of two classes on
// 90,000 rows of 20 features, 45 ms for one of three classes (two cores shared with others, November 2026)
const TWO_CLASS_SECONDS = 0.8e-8;
const MANY_CLASS_SECONDS = 3e-8;
// two classes wait for memory once the codes pass the cache: 2.6 times as long at 29 MB, measured up to there
const CACHE_BYTES = 20e6;
const MAX_WAITING = 4;

export const arvoredoEngine: ForestEngine = {
  name: 'arvoredo',
  defaultMaxFeatures: 'sqrt',
  forecastSeconds(numRows, numFeatures, numTrees, numClasses, maxFeatures = 'sqrt') {
    const passes = Math.ceil(resolveMaxFeatures(maxFeatures, numFeatures) / 4);
    const waiting = Math.min(MAX_WAITING, 1 + (numRows * numFeatures * 1.5) / CACHE_BYTES);
    const seconds = numClasses <= 2 ? TWO_CLASS_SECONDS * waiting : MANY_CLASS_SECONDS;
    return numTrees * numRows * Math.log2(numRows + 1) * passes * seconds;
  },
  checkParams() {},
  growTrees(rows, { edges, numClasses }, params, treeStart, treeEnd) {
    return growForestInThreads(classTable(rows, edges, numClasses), params, treeStart, treeEnd);
  },
};
