// Where things are in the kernel's linear memory; the other side of this contract is kernel/memory.ts.

import type { ForestParams } from '../params.ts';
import { resolveMaxFeatures } from '../params.ts';
import { AddressSpace } from './kernel.ts';

/** What the kernel is told of one thread, 32 bits each, in the order in which it reads them. */
const SETTINGS = [
  'codes',
  'labels',
  'numBins',
  'stride',
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
  'copiedCodes',
  'copiedLabels',
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
] as const;
export type Settings = Record<(typeof SETTINGS)[number], number>;

export interface Shape {
  numRows: number;
  numFeatures: number;
  numClasses: number;
  stride: number;
}

export interface Layout {
  /** Total, in whole pages. */
  bytes: number;
  /** Address of the number of the next tree to grow, which the threads count up. */
  queue: number;
  /** Address of the seeds: for each tree two states of four 32-bit words. */
  seeds: number;
  /** Of each thread: the address of its settings, and what they say. */
  threads: { settingsAt: number; settings: Settings }[];
}

export const SEED_BYTES = 32;
const FRAME_BYTES = 24; // of a node on the stack
const COPY_ROWS = 32_768; // as in kernel/rows.ts
const SCRATCH_BYTES = 65_536;
const MAX_INT32 = 2 ** 31 - 1;

export function planLayout(shape: Shape, params: ForestParams, numTrees: number, numThreads: number): Layout {
  const { numRows, numFeatures, numClasses, stride } = shape;
  const space = new AddressSpace();
  const reserve = (bytes: number) => space.reserve(bytes);
  const queue = reserve(4);
  const seeds = reserve(numTrees * SEED_BYTES);
  const rows = {
    codes: reserve(numRows * stride),
    labels: reserve(2 * numRows),
    numBins: reserve(2 * numFeatures),
  };
  // a path can't cut more often than there are rows to part or codes to cut between
  const maxDepth = Math.min(params.maxDepth ?? MAX_INT32, numRows, 255 * numFeatures);
  const maxLeaves = numRows;
  const maxNodes = 2 * numRows - 1;
  const threads = Array.from({ length: numThreads }, () => ({
    settingsAt: reserve(4 * SETTINGS.length),
    settings: {
      ...rows,
      stride,
      numRows,
      numFeatures,
      numClasses,
      maxFeatures: resolveMaxFeatures(params.maxFeatures, numFeatures),
      maxDepth: Math.min(params.maxDepth ?? MAX_INT32, MAX_INT32),
      minRowsToSplit: Math.min(Math.max(params.minSamplesSplit, 2 * params.minSamplesLeaf), MAX_INT32),
      minSamplesLeaf: Math.min(params.minSamplesLeaf, MAX_INT32),
      entries: reserve(4 * numRows),
      words: reserve(4 * numRows),
      side: reserve(4 * numRows),
      copiedCodes: reserve(Math.min(COPY_ROWS, numRows) * stride),
      copiedLabels: reserve(2 * Math.min(COPY_ROWS, numRows)),
      features: reserve(4 * numFeatures),
      stack: reserve((maxDepth + 2) * FRAME_BYTES),
      scratch: reserve(SCRATCH_BYTES),
      keys: reserve(4 * numRows),
      sortedKeys: reserve(4 * numRows),
      totals: reserve(4 * Math.max(2, numClasses)),
      leftCounts: reserve(4 * Math.max(2, numClasses)),
      nodeFeature: reserve(2 * maxNodes),
      nodeCut: reserve(maxNodes),
      nodeNext: reserve(4 * maxNodes),
      leafStart: reserve(4 * (maxLeaves + 1)),
      leafClass: reserve(2 * numRows),
      leafCount: reserve(4 * numRows),
      leafHash: reserve(4 * maxLeaves),
      leafSlots: reserve(4 * Math.max(1024, 2 ** Math.ceil(Math.log2(4 * maxLeaves)))),
    },
  }));
  return { bytes: space.bytes, queue, seeds, threads };
}

/** Write the settings where the kernel reads them. */
export function writeSettings(memory: ArrayBufferLike, { threads }: Layout): void {
  for (const { settingsAt, settings } of threads) {
    const words = new Uint32Array(memory, settingsAt, SETTINGS.length);
    for (const [i, name] of SETTINGS.entries()) words[i] = settings[name];
  }
}
