// Reserves the regions of the kernel's linear memory that growing needs: the map is at the top of kernel/memory.ts.

import { rowStride } from '../packed-rows.ts';
import type { ForestParams } from '../params.ts';
import { resolveMaxFeatures } from '../params.ts';
import { SET_BYTES } from '../tree.ts';
import { AddressSpace } from './kernel.ts';
import {
  COPY_LEVEL_FIELDS,
  type CopyLevel,
  FIELD_BYTES,
  FRAME_BYTES,
  MIN_LEAF_SLOTS,
  PAIR_BYTES,
  SCRATCH_BYTES,
  SETTINGS,
  type Settings,
  STATE_BYTES,
} from './settings.ts';

const SETTING_NAMES = Object.keys(SETTINGS) as (keyof Settings)[];
const LEVEL_BYTES = FIELD_BYTES * COPY_LEVEL_FIELDS.length;

export interface Shape {
  numRows: number;
  numFeatures: number;
  /** 0 for regression. */
  numClasses: number;
  /** Whether a value is missing or a feature is a category; `numClasses` must be 0 then. */
  hasFlags?: boolean;
  hasCategories?: boolean;
}

export interface Layout {
  /** Size of the memory, a multiple of a page. */
  bytes: number;
  /** Address of the number of the next tree to grow, which the threads count up. */
  queue: number;
  /** Address of the seeds: two random states for each tree. */
  seeds: number;
  /** The settings of each thread, their address, and its copy levels, the widest first. */
  threads: { settingsAt: number; settings: Settings; copyLevels: CopyLevel[] }[];
}

export const SEED_BYTES = 2 * STATE_BYTES;
const CLASS_BYTES = 2;
const VALUE_BYTES = 8;
const MAX_INT32 = 2 ** 31 - 1;

// The last copy level holds as many rows as fit this memory, the codes of a row side by side. The levels before it hold
// 4 times as many rows, 16 times and so on, up to half of all, feature by feature. Levels up to a quarter of all, 8
// times apart, took 13 % longer for 1,000,000 rows, and as long for 2 and 5 million.
const COPY_BYTES = 1_048_576;
const COPY_RATIO = 4;
const MAX_COPY_STRIDE = 2048; // wider rows: too few fit

function planCopyLevels(
  { numRows, numFeatures, numClasses }: Shape,
  maxFeatures: number,
  reserve: (bytes: number) => number,
): CopyLevel[] {
  const stride = rowStride(numFeatures);
  const labelBytes = bytesPerLabel(numClasses);
  const lastRows = Math.min(numRows, Math.floor(COPY_BYTES / stride));
  // below the last level, each halving of a node reads a row about once: too few reads do not pay for the copy
  if (stride > MAX_COPY_STRIDE || maxFeatures * Math.log2(lastRows) < numFeatures) return [];
  const levels: CopyLevel[] = [
    {
      maxRows: lastRows,
      codes: reserve(lastRows * stride),
      labels: reserve(labelBytes * lastRows),
      rowStep: stride,
      featureStep: 1,
    },
  ];
  for (let rows = lastRows * COPY_RATIO; 2 * rows <= numRows; rows *= COPY_RATIO) {
    levels.unshift({
      maxRows: rows,
      codes: reserve(rows * numFeatures),
      labels: reserve(labelBytes * rows),
      rowStep: 1,
      featureStep: rows,
    });
  }
  return levels;
}

function bytesPerLabel(numClasses: number): number {
  return numClasses === 0 ? VALUE_BYTES : CLASS_BYTES;
}

/** Plan the memory for `numTrees` trees and `numThreads` threads. It may be larger than a memory can be. */
export function planLayout(shape: Shape, params: ForestParams, numTrees: number, numThreads: number): Layout {
  const { numRows, numFeatures, numClasses, hasFlags = false, hasCategories = false } = shape;
  const space = new AddressSpace();
  const reserve = (bytes: number) => space.reserve(bytes);
  const queue = reserve(4);
  const seeds = reserve(numTrees * SEED_BYTES);
  const rows = {
    codes: reserve(numRows * numFeatures),
    labels: reserve(bytesPerLabel(numClasses) * numRows),
    numBins: reserve(2 * numFeatures),
    isCategorical: hasFlags ? reserve(numFeatures) : 0,
  };
  // a path has at most as many cuts as there are rows to separate, and as there are codes to cut between
  const maxDepth = Math.min(params.maxDepth ?? MAX_INT32, numRows, 255 * numFeatures);
  const maxLeaves = numRows;
  const maxNodes = 2 * numRows - 1;
  const isRegression = numClasses === 0;
  const reserveForClasses = (bytes: number) => reserve(isRegression ? 0 : bytes);
  const maxFeatures = resolveMaxFeatures(params.maxFeatures, numFeatures);
  const threads = Array.from({ length: numThreads }, () => {
    const copyLevels = planCopyLevels(shape, maxFeatures, reserve);
    return {
      settingsAt: reserve(FIELD_BYTES * SETTING_NAMES.length),
      settings: {
        ...rows,
        numRows,
        numFeatures,
        numClasses,
        maxFeatures,
        maxDepth: Math.min(params.maxDepth ?? MAX_INT32, MAX_INT32),
        minRowsToSplit: Math.min(Math.max(params.minSamplesSplit, 2 * params.minSamplesLeaf), MAX_INT32),
        minSamplesLeaf: Math.min(params.minSamplesLeaf, MAX_INT32),
        isRandom: Number(params.splitter === 'random'),
        packedSamples: reserve(4 * numRows),
        packedCodes: reserve(4 * numRows),
        packedRight: reserve(4 * numRows),
        copyLevels: reserve(LEVEL_BYTES * copyLevels.length),
        numCopyLevels: copyLevels.length,
        features: reserve(4 * numFeatures),
        stack: reserve((maxDepth + 2) * FRAME_BYTES),
        scratch: reserve(SCRATCH_BYTES),
        keys: reserve((isRegression ? PAIR_BYTES : 4) * numRows),
        sortedKeys: reserveForClasses(4 * numRows),
        totals: reserve(4 * Math.max(2, numClasses)),
        leftCounts: reserve(4 * Math.max(2, numClasses)),
        nodeFeature: reserve(2 * maxNodes),
        nodeCut: reserve(maxNodes),
        nodeRight: reserve(4 * maxNodes),
        nodeFlags: hasFlags ? reserve(maxNodes) : 0,
        nodeSets: hasCategories ? reserve(SET_BYTES * numRows) : 0,
        leafStart: reserveForClasses(4 * (maxLeaves + 1)),
        leafClass: reserveForClasses(2 * numRows),
        leafCount: reserve(isRegression ? PAIR_BYTES * maxLeaves : 4 * numRows),
        leafHash: reserveForClasses(4 * maxLeaves),
        leafSlots: reserveForClasses(4 * Math.max(MIN_LEAF_SLOTS, 2 ** Math.ceil(Math.log2(4 * maxLeaves)))),
      },
      copyLevels,
    };
  });
  return { bytes: space.bytes, queue, seeds, threads };
}

/** Write the settings and copy levels of all threads. */
export function writeSettings(memory: ArrayBufferLike, { threads }: Layout): void {
  for (const { settingsAt, settings, copyLevels } of threads) {
    new Uint32Array(memory, settingsAt, SETTING_NAMES.length).set(SETTING_NAMES.map((name) => settings[name]));
    for (const [i, level] of copyLevels.entries()) {
      const fields = COPY_LEVEL_FIELDS.map((name) => (name === 'end' ? 0 : level[name]));
      new Uint32Array(memory, settings.copyLevels + LEVEL_BYTES * i, fields.length).set(fields);
    }
  }
}
