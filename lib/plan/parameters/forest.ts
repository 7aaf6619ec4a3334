// Run parameters: the forest, and how the run is executed.

import { isFraction, isInteger, isNumber } from '../../base/check.ts';
import { MAX_SEED } from '../../base/random.ts';
import { CLASS_CRITERIA, VALUE_CRITERIA } from '../../forest/params.ts';
import {
  type ByPosition,
  choice,
  countOrShare,
  flag,
  integer,
  integerOrNull,
  isByPosition,
  isNamed,
  isNumbers,
  MAX_ROWS,
  numeric,
  parameters,
  rule,
} from './parameter.ts';
import { byPosition, number } from './text.ts';

const MAX_TREES = 100_000;
const MAX_WORKERS = 1000; // Lambda's default concurrency limit in a region

const atLeast0 = () => numeric('a number ≥ 0', (value) => value >= 0);

/** The allowed values of `classWeight`, in words. */
export const CLASS_WEIGHTS =
  'balanced, balanced_subsample, a list of one number per class, an object of numbers by class, or null';

export const FOREST = parameters({
  task: {
    schema: choice('classification', 'regression'),
    preset: 'classification',
    group: 'Forest:',
    help: 'classification or regression (follows from the generator)',
    value: 'NAME',
  },
  trees: {
    schema: integer(1, MAX_TREES),
    preset: 100,
    group: 'Forest:',
    help: 'number of trees',
    value: 'N',
    read: number,
    searched: 'range',
  },
  maxFeatures: {
    schema: rule<'sqrt' | 'log2' | 'all' | number>(
      'sqrt, log2, all, a share in (0, 1) or an integer ≥ 1',
      (value) =>
        value === 'sqrt' ||
        value === 'log2' ||
        value === 'all' ||
        (isNumber(value) && value > 0 && (value < 1 || Number.isInteger(value))),
    ),
    group: 'Forest:',
    help: 'features tried per node: sqrt, log2, all, a share or a count (sqrt; regression all)',
    value: 'X',
    // all features in scikit-learn, one here: too alike
    read: (text) => (/^1\.0*$/.test(text) ? text : number(text)),
    searched: 'range',
  },
  maxDepth: {
    schema: integerOrNull(),
    preset: null,
    group: 'Forest:',
    help: 'maximum depth',
    value: 'N',
    read: number,
    nullWord: 'none',
    searched: 'range',
  },
  minSamplesSplit: {
    schema: countOrShare(2),
    preset: 2,
    group: 'Forest:',
    help: 'minimum rows of a node to split it, a count or a share',
    value: 'X',
    read: number,
    searched: 'range',
  },
  minSamplesLeaf: {
    schema: countOrShare(1),
    preset: 1,
    group: 'Forest:',
    help: 'minimum rows of a leaf, a count or a share',
    value: 'X',
    read: number,
    searched: 'range',
  },
  minWeightFractionLeaf: {
    schema: numeric('a share from 0 to 0.5', (value) => value >= 0 && value <= 0.5),
    preset: 0,
    group: 'Forest:',
    help: "minimum share of a tree's weight in a leaf",
    value: 'SHARE',
    read: number,
    searched: 'realRange',
  },
  maxLeafNodes: {
    schema: integerOrNull(2),
    preset: null,
    group: 'Forest:',
    help: 'maximum leaves of a tree, grown best cut first',
    value: 'N',
    read: number,
    nullWord: 'none',
    searched: 'range',
  },
  criterion: {
    schema: choice(...CLASS_CRITERIA, ...VALUE_CRITERIA),
    preset: 'gini',
    group: 'Forest:',
    help: 'impurity: gini, entropy or log_loss; for regression squared_error, absolute_error or poisson',
    value: 'NAME',
    searched: 'values',
  },
  minImpurityDecrease: {
    schema: atLeast0(),
    preset: 0,
    group: 'Forest:',
    help: 'minimum weighted decrease of impurity by a cut',
    value: 'X',
    read: number,
    searched: 'realRange',
  },
  bootstrap: {
    schema: flag(),
    preset: true,
    group: 'Forest:',
    help: 'grow every tree on all rows (the default with --extra-trees)',
    isOnByDefault: true,
    helpOn: 'grow every tree from rows drawn with replacement (the default of others)',
    searched: 'values',
  },
  maxSamples: {
    schema: rule<number | null>(
      'an integer ≥ 1, a share in (0, 1), or null for the number of rows',
      (value) => value === null || isInteger(value, 1, MAX_ROWS) || isFraction(value),
    ),
    preset: null,
    group: 'Forest:',
    help: 'rows drawn for each tree, a count or a share',
    value: 'X',
    read: number,
    nullWord: 'all',
    searched: 'range',
  },
  classWeight: {
    schema: rule<'balanced' | 'balanced_subsample' | ByPosition | null>(
      CLASS_WEIGHTS,
      (value) =>
        value === null || value === 'balanced' || value === 'balanced_subsample' || isNumbers(value) || isNamed(value),
    ),
    preset: null,
    group: 'Forest:',
    help: 'balanced, balanced_subsample, a list like 1,5 or class:weight pairs like 1:5',
    value: 'X',
    read: byPosition,
    nullWord: 'none',
    searched: 'values',
  },
  ccpAlpha: {
    schema: atLeast0(),
    preset: 0,
    group: 'Forest:',
    help: 'complexity parameter of pruning: the cost of a leaf',
    value: 'X',
    read: number,
    searched: 'realRange',
  },
  monotonicConstraints: {
    schema: rule<ByPosition | null>(
      'a list of 1, 0 or -1 per feature, an object of them by feature, or null',
      (value) => value === null || isByPosition(value),
    ),
    preset: null,
    group: 'Forest:',
    help: "feature:sign pairs like 0:1,3:-1: class 1's probability only rises (1) or falls (-1) with the feature",
    value: 'X',
    read: byPosition,
    nullWord: 'none',
    searched: 'values',
  },
  extraTrees: {
    schema: flag(),
    preset: false,
    group: 'Forest:',
    help: 'extra-trees: one random cut per feature, no bootstrap (see --bootstrap)',
    searched: 'values',
  },
  oobScore: {
    schema: flag(),
    preset: false,
    group: 'Forest:',
    help: 'score the forest on out-of-bag rows',
  },
  maxBins: {
    schema: integer(2, 255),
    preset: 255,
    group: 'Forest:',
    help: 'maximum bins per feature, up to 255',
    value: 'N',
    read: number,
  },
  engine: {
    schema: choice('arvoredo', 'ml-random-forest'),
    preset: 'arvoredo',
    group: 'Forest:',
    help: 'arvoredo, or ml-random-forest for small data',
    value: 'NAME',
    calls: ['fit'],
  },
  strategy: {
    schema: choice('auto', 'gather', 'trees'),
    preset: 'auto',
    group: 'Forest:',
    help: 'auto, gather (one function) or trees (several)',
    value: 'NAME',
    calls: ['fit'],
  },
});

export const EXECUTION = parameters({
  workers: {
    schema: integer(1, MAX_WORKERS),
    preset: 4,
    group: 'Run:',
    help: 'maximum number of concurrent functions',
    value: 'N',
    read: number,
    calls: ['fit'],
  },
  deadline: {
    schema: integerOrNull(),
    preset: null,
    group: 'Run:',
    help: 'time after which the run is stopped',
    value: 'SECONDS',
    read: number,
    nullWord: 'none',
    calls: ['fit'],
  },
  seed: {
    schema: integer(0, MAX_SEED),
    preset: 0,
    group: 'Run:',
    help: 'the same seed gives the same bytes',
    value: 'N',
    read: number,
    calls: ['makeClassification', 'makeRegression', 'trainTestSplit'],
  },
});
