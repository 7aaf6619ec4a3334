// Grows trees in WebAssembly, on several threads: the bytes that the twin in grow.ts gives, sooner.

import type { BinnedRows } from '../../partition/rows.ts';
import { STREAM } from '../../random.ts';
import { collectTrees } from '../collect-trees.ts';
import { checkRows, countBins, type TrainingInfo } from '../packed-rows.ts';
import type { ForestParams } from '../params.ts';
import { growPlainInThreads } from '../plain-in-threads.ts';
import type { BeforeTree } from '../take-trees.ts';
import { resolveNumThreads } from '../threads.ts';
import type { Tree } from '../tree.ts';
import { TreeRandom } from '../tree-random.ts';
import { kernelModule } from './compile.ts';
import { type GrowJob, openQueue } from './grow-loop.ts';
import { MAX_MEMORY_BYTES, tryMemory } from './kernel.ts';
import { type Layout, planLayout, SEED_BYTES, writeSettings } from './layout.ts';

/**
 * Grow trees [treeStart, treeEnd).
 *
 * @param numThreads from 1 to 256; by default as many as there are processors
 * @param beforeTree by default nothing calls the work off
 * @throws {InputError} when rows and info don't fit together
 */
export async function growInThreads(
  rows: BinnedRows,
  info: TrainingInfo,
  params: ForestParams,
  treeStart: number,
  treeEnd: number, // exclusive
  numThreads?: number,
  beforeTree?: BeforeTree,
): Promise<Tree[]> {
  const numTrees = treeEnd - treeStart;
  const threads = Math.min(resolveNumThreads(numThreads), Math.max(1, numTrees));
  const module = kernelModule();
  const prepared = module && prepare(rows, info, params, numTrees, threads);
  if (!prepared) return growPlainInThreads(rows, info, params, treeStart, treeEnd, numThreads, beforeTree);
  const { memory, layout } = prepared;
  writeSeeds(memory, layout, params.seed, treeStart, numTrees);
  const { queue, seeds } = layout;
  const jobs = layout.threads.map(
    (thread): GrowJob => ({
      kind: 'grow',
      module,
      memory,
      queue,
      seeds,
      numTrees,
      bootstrap: params.bootstrap,
      ...thread,
    }),
  );
  return collectTrees(jobs, numTrees, openQueue, new Int32Array(memory.buffer, queue, 1), beforeTree);
}

/** The rows in a memory for all threads; nothing when they don't fit. */
function prepare(rows: BinnedRows, info: TrainingInfo, params: ForestParams, numTrees: number, numThreads: number) {
  checkRows(rows, info);
  const { numRows, columns, labels } = rows;
  const shape = { numRows, numFeatures: columns.length, numClasses: info.numClasses };
  const layout = planLayout(shape, params, numTrees, numThreads);
  if (layout.bytes > MAX_MEMORY_BYTES) return undefined;
  const memory = tryMemory(layout.bytes);
  if (!memory) return undefined;
  const { settings } = layout.threads[0];
  const codes = new Uint8Array(memory.buffer, settings.codes, numRows * columns.length);
  for (const [feature, column] of columns.entries()) codes.set(column, feature * numRows);
  new Uint16Array(memory.buffer, settings.labels, numRows).set(labels);
  new Uint16Array(memory.buffer, settings.numBins, columns.length).set(countBins(info.edges));
  writeSettings(memory.buffer, layout);
  return { memory, layout };
}

function writeSeeds(memory: WebAssembly.Memory, { seeds }: Layout, seed: number, treeStart: number, numTrees: number) {
  const random = new TreeRandom();
  const states = new Int32Array(memory.buffer, seeds, (numTrees * SEED_BYTES) / 4);
  for (let i = 0; i < numTrees; i++) {
    states.set(random.start(seed, STREAM.bootstrap, treeStart + i).state, 8 * i);
    states.set(random.start(seed, STREAM.tree, treeStart + i).state, 8 * i + 4);
  }
}
