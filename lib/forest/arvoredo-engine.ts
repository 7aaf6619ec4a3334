// The default engine: arvoredo's trainers.

import type { ForestEngine, TableShape } from './engine.ts';
import { growForestInThreads } from './grow-forest.ts';
import { chooseTrainer, type ForestParams, isFraction, resolveMaxFeatures, type Trainer } from './params.ts';
import { tableOfRows } from './training-table.ts';
import { MAX_KERNEL_ROWS, MAX_MEMORY_BYTES } from './wasm/kernel.ts';
import { planLayout } from './wasm/layout.ts';

// time for a row at one level of a tree, per pass over four features: 12 ms of one core for a tree of two classes on
// 90,000 rows of 20 features, 45 ms for one of three classes (two cores shared with others, November 2026)
const TWO_CLASS_SECONDS = 0.8e-8;
const MANY_CLASS_SECONDS = 3e-8;
// with two classes, training waits for memory when the codes exceed the cache: measured 1.2 times as long for
// 1,000,000 × 20, 1.35 for 5,000,000 × 20, 1.4 for 200,000 × 100, 2.4 for 200,000 × 300, 2 for 10,000 × 1,000, 2.9 for
// 100,000 × 1,000
const CACHE_BYTES = 30e6;
const NARROW_FEATURES = 32; // the codes of a row share a cache line
const MAX_WAITING = { narrow: 0.4, wide: 2 };

// random cuts on 90,000 × 20 rows: regression 178 ms with all features and 52 with 4, two classes 21 with 4
const EXTRA_SECONDS = { values: { feature: 5.3e-9, node: 1.4e-8 }, classes: { feature: 2.5e-9, node: 4e-9 } };

// the general trainer, per feature: 10,000 and 90,000 rows, 2, 3 and 10 classes took 20 to 55 ns for Gini, 33 to 90 for
// entropy; with weights that are not integers, whose logarithms are not in a table, entropy took 1,800 to 2,100
const GENERAL_SECONDS = 4.5e-8;
const GENERAL_ENTROPY_SECONDS = 8e-8;
const REAL_ENTROPY_SECONDS = 2e-6;
// regression, 10,000 to 90,000 rows, 7 and 20 features a node; in addition, a node costs about as much as some features
const VALUE_SECONDS = { squared_error: 2.5e-8, poisson: 3.6e-8, absolute_error: 1.3e-7 };
const VALUE_NODE_FEATURES = 10;
// in the kernel: 10.5 ms of one core for a tree on 10,000 × 20 rows, 100 on 90,000 and 1,300 on 1,000,000, 43 with 6 of
// the features on 90,000, 440 on 90,000 × 100
// with 5 % of the values missing and a quarter of the features categories: 55 ms with 6 of 20 features; two classes 18
// with 4 of 20, which are pure sooner
const FAST_VALUE_SECONDS = { plain: 2.8e-9, flagged: 3.6e-9, twoClasses: 2e-9 };
const FAST_VALUE_NODE_FEATURES = 4.5;

/** Threads of the train function: one for each vCPU that its memory size includes. */
export const TRAIN_THREADS = 2;

export const arvoredoEngine: ForestEngine = {
  name: 'arvoredo',
  defaultMaxFeatures: 'sqrt',
  forecastSeconds(shape, params) {
    const { numRows, numFeatures } = shape;
    const { maxSamples = null, maxDepth, numTrees } = params;
    const drawn = maxSamples === null ? 1 : isFraction(maxSamples) ? maxSamples : Math.min(1, maxSamples / numRows);
    const levels = Math.min(Math.log2(numRows * drawn + 1), maxDepth ?? Number.POSITIVE_INFINITY);
    const seconds = levelSeconds({ ...shape, numRows: numRows * drawn }, params);
    return numTrees * numRows * drawn * levels * seconds(resolveMaxFeatures(params.maxFeatures, numFeatures));
  },
  checkParams() {},
  growTrees(rows, { edges, numClasses, isCategorical }, params, trees) {
    return growForestInThreads({ table: tableOfRows(rows, edges, numClasses, isCategorical), params, ...trees });
  },
};

/** The trainer used for a table: the general one if the table does not fit the kernel's memory. */
export function forecastTrainer(shape: TableShape, params: ForestParams): Trainer {
  const trainer = chooseTrainer(params, shape);
  if (trainer === 'general') return trainer;
  const { numRows, numFeatures, numClasses, isPlain = true } = shape;
  const layout = { numRows, numFeatures, numClasses: trainer === 'values' ? 0 : numClasses, hasFlags: !isPlain };
  const { bytes } = planLayout({ ...layout, hasCategories: !isPlain }, params, params.numTrees, TRAIN_THREADS);
  return numRows > MAX_KERNEL_ROWS || bytes > MAX_MEMORY_BYTES ? 'general' : trainer;
}

/** Time for a row at one level of a tree, as a function of the number of features tried per node. */
function levelSeconds(shape: TableShape, params: ForestParams): (features: number) => number {
  const { numRows, numFeatures, numClasses, isPlain = true } = shape;
  switch (forecastTrainer(shape, params)) {
    case 'classes': {
      const most = numFeatures > NARROW_FEATURES ? MAX_WAITING.wide : MAX_WAITING.narrow;
      const waiting = Math.min(most, (numRows * numFeatures) / CACHE_BYTES);
      // with minSamplesLeaf above 1, the search for many classes does the work
      const isTwoClass = numClasses <= 2 && params.minSamplesLeaf === 1;
      const seconds = isTwoClass ? TWO_CLASS_SECONDS * (1 + waiting) : MANY_CLASS_SECONDS;
      return (features) => Math.ceil(features / 4) * seconds;
    }
    case 'values': {
      const seconds = isPlain
        ? FAST_VALUE_SECONDS.plain
        : FAST_VALUE_SECONDS[numClasses === 0 ? 'flagged' : 'twoClasses'];
      return (features) => (features + FAST_VALUE_NODE_FEATURES) * seconds;
    }
    case 'extra': {
      const seconds = EXTRA_SECONDS[numClasses === 0 ? 'values' : 'classes'];
      return (features) => features * seconds.feature + seconds.node;
    }
    case 'general': {
      const seconds = generalSeconds(params, numClasses);
      return (features) => (features + (numClasses === 0 ? VALUE_NODE_FEATURES : 0)) * seconds;
    }
  }
}

function generalSeconds({ criterion, bootstrap, classWeight = null }: ForestParams, numClasses: number): number {
  if (numClasses === 0) return VALUE_SECONDS[(criterion ?? 'squared_error') as keyof typeof VALUE_SECONDS];
  if ((criterion ?? 'gini') === 'gini') return GENERAL_SECONDS;
  const hasRealWeights = bootstrap ? classWeight === 'balanced_subsample' : classWeight !== null;
  return hasRealWeights ? REAL_ENTROPY_SECONDS : GENERAL_ENTROPY_SECONDS;
}
