// Our own trainer.

import type { ForestEngine } from './engine.ts';
import { growTrees } from './grow.ts';
import { resolveMaxFeatures } from './params.ts';

// time of a row at one level of a tree, per pass over four features
const TWO_CLASS_SECONDS = 15e-9;
const MANY_CLASS_SECONDS = 40e-9;

export const arvoredoEngine: ForestEngine = {
  name: 'arvoredo',
  defaultMaxFeatures: 'sqrt',
  forecastSeconds(numRows, numFeatures, numTrees, numClasses) {
    const passes = Math.ceil(resolveMaxFeatures('sqrt', numFeatures) / 4);
    const seconds = numClasses <= 2 ? TWO_CLASS_SECONDS : MANY_CLASS_SECONDS;
    return numTrees * numRows * Math.log2(numRows + 1) * passes * seconds;
  },
  async growTrees(rows, info, params, treeStart, treeEnd) {
    return growTrees(rows, info, params, treeStart, treeEnd);
  },
};
