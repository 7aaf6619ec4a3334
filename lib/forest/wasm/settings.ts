// The one table of what TypeScript and the kernel agree on. build-kernel.ts generates kernel/generated.ts from it;
// layout.ts, grow-loop.ts and predict-in-threads.ts write by it. kernel/memory.ts says what each region holds.

import { CATEGORICAL, LEAF, MAX_SAMPLES_PER_ROW, MISSING_LEFT, SET_BYTES } from '../tree.ts';

/** Types of AssemblyScript that occur here; an address is a `usize`. */
type KernelType = 'u8' | 'u16' | 'i32' | 'u32' | 'usize';

/** Settings of a thread that grows trees: 32 bits each, stored in this order. */
export const SETTINGS = {
  // the rows, the same for all threads
  codes: 'usize',
  labels: 'usize',
  numBins: 'usize',
  isCategorical: 'usize', // 0 where no value is missing and no feature is a category
  numRows: 'i32',
  numFeatures: 'i32',
  numClasses: 'i32', // 0 for regression, and for two classes grown as the values 0 and 1
  // the parameters
  maxFeatures: 'i32',
  maxDepth: 'i32',
  minRowsToSplit: 'i32',
  minSamplesLeaf: 'i32',
  isRandom: 'u32', // 1: a feature gets one random cut at a node instead of its best one
  // the thread's own regions
  packedSamples: 'usize',
  packedCodes: 'usize',
  packedRight: 'usize',
  copyLevels: 'usize',
  numCopyLevels: 'u32',
  features: 'usize',
  stack: 'usize',
  scratch: 'usize',
  keys: 'usize',
  sortedKeys: 'usize',
  totals: 'usize',
  leftCounts: 'usize',
  // the tree that the thread grows
  nodeFeature: 'usize',
  nodeCut: 'usize',
  nodeRight: 'usize',
  nodeFlags: 'usize', // 0 where `isCategorical` is
  nodeSets: 'usize', // 0 without categories
  leafStart: 'usize',
  leafClass: 'usize',
  leafCount: 'usize',
  leafHash: 'usize',
  leafSlots: 'usize',
} as const satisfies Record<string, KernelType>;
export type Settings = Record<keyof typeof SETTINGS, number>;

/** Settings of a thread that predicts: 32 bits each, stored in this order. */
export const PREDICT_SETTINGS = [
  'numFeatures',
  'numOutputs', // classes, or 1 for regression
  'numTrees',
  'numRows',
  'columns',
  'edges',
  'roots',
  'nodes',
  'fractions',
  'out',
  'codes',
  'sets',
  'isCategorical', // 0 where no value is missing and no feature is a category
] as const;
export type PredictSettings = Record<(typeof PREDICT_SETTINGS)[number], number>;

/** Fields of a copy level (see kernel/rows.ts): 32 bits each, stored in this order. */
export const COPY_LEVEL_FIELDS = [
  'maxRows',
  'codes',
  'labels',
  'rowStep',
  'featureStep',
  'end', // written by the kernel
] as const;
export type CopyLevel = Record<Exclude<(typeof COPY_LEVEL_FIELDS)[number], 'end'>, number>;

export const FIELD_BYTES = 4; // size of a setting, and of a field of a copy level
/** Random states of a tree: one draws its rows, one its features. Each is four 32-bit words. */
export const STATE_BYTES = 16;
export const FRAME_BYTES = 24; // a node on the stack: start, end, depth, samples, samples of class 1, parent
export const PAIR_BYTES = 16; // a sum with the counts of its rows and samples; or a leaf's value and weight
const MAX_CODES = 256; // codes of a feature, the one for a missing value included
const FEATURES_PER_PASS = 4;
const HISTOGRAM_CLASSES = 16; // up to here, nodes of more than two classes have a cell for each code and class
/** The largest use: cells of 32 bits for the features of a pass, their codes and classes. */
export const SCRATCH_BYTES = FEATURES_PER_PASS * MAX_CODES * HISTOGRAM_CLASSES * 4;
export const MIN_LEAF_SLOTS = 1024; // initial size of the hash table of leaves; a power of two
export const NODE_BYTES = 8; // of a node that predicts; a leaf takes as many again
export const WALKERS = 8; // rows that walk down a tree side by side
export const BY_SET = 0xffff; // in place of what a code must be below: the node has a set of codes that go left

/** Constants of the kernel. */
export const CONSTANTS = {
  LEAF: ['u32', LEAF],
  MISSING_LEFT: ['u8', MISSING_LEFT],
  CATEGORICAL: ['u8', CATEGORICAL],
  SET_BYTES: ['usize', SET_BYTES],
  MAX_SAMPLES_PER_ROW: ['u32', MAX_SAMPLES_PER_ROW],
  STATE_BYTES: ['usize', STATE_BYTES],
  FRAME_BYTES: ['usize', FRAME_BYTES],
  PAIR_BYTES: ['usize', PAIR_BYTES],
  MAX_CODES: ['usize', MAX_CODES],
  HISTOGRAM_CLASSES: ['i32', HISTOGRAM_CLASSES],
  MIN_LEAF_SLOTS: ['u32', MIN_LEAF_SLOTS],
  NODE_BYTES: ['usize', NODE_BYTES],
  WALKERS: ['u32', WALKERS],
  BY_SET: ['u32', BY_SET],
} as const satisfies Record<string, readonly [KernelType, number]>;
