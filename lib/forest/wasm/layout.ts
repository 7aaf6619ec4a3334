// Where things are in the kernel's linear memory; the other side of this contract is kernel/memory.ts.

import { rowStride } from '../packed-rows.ts';
import type { ForestParams } from '../params.ts';
import { resolveMaxFeatures } from '../params.ts';
import { SET_BYTES } from '../tree.ts';
import { AddressSpace } from './kernel.ts';

/** What the kernel is told of one thread, 32 bits each, in the order in which it reads them. */
const SETTINGS = [
  'codes',
  'labels',
  'numBins',
  'numRows',
  'numFeatures',
  'numClasses',
  'maxFeatures',
  'maxDepth',
  'minRowsToSplit',
  'minSamplesLeaf',
  'entries',
  'words',
  'side',
  'levels',
  'numLevels',
  'features',
  'stack',
  'scratch',
  'keys',
  'sortedKeys',
  'totals',
  'leftCounts',
  'nodeFeature',
  'nodeCut',
  'nodeNext',
  'leafStart',
  'leafClass',
  'leafCount',
  'leafHash',
  'leafSlots',
  'isCategorical',
  'nodeFlags',
  'nodeSets',
  'isRandom',
] as const;
export type Settings = Record<(typeof SETTINGS)[number], number>;

export interface Shape {
  numRows: number;
  numFeatures: number;
  /** 0 for values. */
  numClasses: number;
  /** Whether values are missing or features are categories, which trees of values alone may have. */
  hasFlags?: boolean;
  hasCategories?: boolean;
}

export interface Layout {
  /** Total, in whole pages. */
  bytes: number;
  /** Address of the number of the next tree to grow, which the threads count up. */
  queue: number;
  /** Address of the seeds: for each tree two states of four 32-bit words. */
  seeds: number;
  /** Of each thread: the address of its settings, and what they say. */
  threads: { settingsAt: number; settings: Settings; copies: Copies[] }[];
}

export const SEED_BYTES = 32;
const FRAME_BYTES = 24; // of a node on the stack
const LEVEL_FIELDS = 6; // 32 bits each, as in kernel/rows.ts
const SCRATCH_BYTES = 65_536;
/** Of a label: a class, or a value. */
const CLASS_BYTES = 2;
const VALUE_BYTES = 8;
const PAIR_BYTES = 16; // of a row's value and counts, and of a leaf's value and weight
const MAX_INT32 = 2 ** 31 - 1;

// The rows of a subtree are copied together when they fit this memory, the codes of a row side by side; of a large
// table, before that, feature by feature, when they fit 4 times as many rows, 16 times and so on, up to half of all.
// Levels up to a quarter of all, 8 times apart, took 13 % longer for 1,000,000 rows, as long for 2 and 5 million.
const COPY_BYTES = 1_048_576;
const COPY_RATIO = 4;
const MAX_COPY_STRIDE = 2048; // so that a good many rows fit

/** A level of copies. */
interface Copies {
  /** Most rows that it holds. */
  maxRows: number;
  codes: number;
  labels: number;
  rowStep: number;
  featureStep: number;
}

function planCopies(
  { numRows, numFeatures, numClasses }: Shape,
  maxFeatures: number,
  reserve: (bytes: number) => number,
): Copies[] {
  const stride = rowStride(numFeatures);
  const labelBytes = bytesPerLabel(numClasses);
  const lastRows = Math.min(numRows, Math.floor(COPY_BYTES / stride));
  // below the last level, about one node a halving reads a row: is that worth the copy?
  if (stride > MAX_COPY_STRIDE || maxFeatures * Math.log2(lastRows) < numFeatures) return [];
  const levels: Copies[] = [
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
  // a path can't cut more often than there are rows to part or codes to cut between
  const maxDepth = Math.min(params.maxDepth ?? MAX_INT32, numRows, 255 * numFeatures);
  const maxLeaves = numRows;
  const maxNodes = 2 * numRows - 1;
  const isOfValues = numClasses === 0;
  const ofClasses = (bytes: number) => (isOfValues ? 0 : bytes);
  const maxFeatures = resolveMaxFeatures(params.maxFeatures, numFeatures);
  const threads = Array.from({ length: numThreads }, () => {
    const copies = planCopies(shape, maxFeatures, reserve);
    return {
      settingsAt: reserve(4 * SETTINGS.length),
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
        entries: reserve(4 * numRows),
        words: reserve(4 * numRows),
        side: reserve(4 * numRows),
        levels: reserve(4 * LEVEL_FIELDS * copies.length),
        numLevels: copies.length,
        features: reserve(4 * numFeatures),
        stack: reserve((maxDepth + 2) * FRAME_BYTES),
        scratch: reserve(SCRATCH_BYTES),
        keys: reserve((isOfValues ? PAIR_BYTES : 4) * numRows),
        sortedKeys: reserve(ofClasses(4 * numRows)),
        totals: reserve(4 * Math.max(2, numClasses)),
        leftCounts: reserve(4 * Math.max(2, numClasses)),
        nodeFeature: reserve(2 * maxNodes),
        nodeCut: reserve(maxNodes),
        nodeNext: reserve(4 * maxNodes),
        nodeFlags: hasFlags ? reserve(maxNodes) : 0,
        nodeSets: hasCategories ? reserve(SET_BYTES * numRows) : 0,
        leafStart: reserve(ofClasses(4 * (maxLeaves + 1))),
        leafClass: reserve(ofClasses(2 * numRows)),
        leafCount: reserve(isOfValues ? PAIR_BYTES * maxLeaves : 4 * numRows),
        leafHash: reserve(ofClasses(4 * maxLeaves)),
        leafSlots: reserve(ofClasses(4 * Math.max(1024, 2 ** Math.ceil(Math.log2(4 * maxLeaves))))),
      },
      copies,
    };
  });
  return { bytes: space.bytes, queue, seeds, threads };
}

/** Write the settings where the kernel reads them. */
export function writeSettings(memory: ArrayBufferLike, { threads }: Layout): void {
  for (const { settingsAt, settings, copies } of threads) {
    const words = new Uint32Array(memory, settingsAt, SETTINGS.length);
    for (const [i, name] of SETTINGS.entries()) words[i] = settings[name];
    const levels = new Uint32Array(memory, settings.levels, copies.length * LEVEL_FIELDS);
    for (const [i, { maxRows, codes, labels, rowStep, featureStep }] of copies.entries()) {
      levels.set([maxRows, codes, labels, rowStep, featureStep, 0], i * LEVEL_FIELDS);
    }
  }
}
