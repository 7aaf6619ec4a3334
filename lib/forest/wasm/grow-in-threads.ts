// Grows trees in WebAssembly, on several threads: the bytes that the twins in grow.ts and general-grow.ts give, sooner.

import { STREAM } from '../../base/random.ts';
import type { BinEdges, ClassRows } from '../../partition/rows.ts';
import { collectTrees } from '../collect-trees.ts';
import { growGeneralInThreads } from '../general-in-threads.ts';
import { checkRows, countBins, type TrainingInfo } from '../packed-rows.ts';
import type { ForestParams, ResolvedParams } from '../params.ts';
import { growPlainInThreads } from '../plain-in-threads.ts';
import type { BeforeTree } from '../take-trees.ts';
import { resolveNumThreads } from '../threads.ts';
import { isFlagged, type Target, type TrainingTable } from '../training-table.ts';
import type { Tree } from '../tree.ts';
import { TreeRandom } from '../tree-random.ts';
import { kernelModule } from './compile.ts';
import { type GrowJob, openQueue } from './grow-loop.ts';
import { MAX_MEMORY_BYTES, tryMemory } from './kernel.ts';
import { type Layout, planLayout, SEED_BYTES, writeSettings } from './layout.ts';

/** Rows as the kernel takes them. */
interface KernelRows {
  numRows: number;
  columns: readonly Uint8Array[];
  edges: BinEdges;
  target: Target;
  /** Features that are categories; null where none is and no value is missing. */
  flagged: { isCategorical: readonly boolean[] } | null;
}

/**
 * Grow trees [treeStart, treeEnd) of classes.
 *
 * @param numThreads from 1 to 256; by default as many as there are processors
 * @param beforeTree by default nothing calls the work off
 * @throws {InputError} when rows and info don't fit together
 */
export async function growInThreads(
  rows: ClassRows,
  info: TrainingInfo,
  params: ForestParams,
  treeStart: number,
  treeEnd: number, // exclusive
  numThreads?: number,
  beforeTree?: BeforeTree,
): Promise<Tree[]> {
  checkRows(rows, info);
  const { numRows, columns, labels } = rows;
  const { edges, numClasses } = info;
  const kernelRows = { numRows, columns, edges, target: { labels, numClasses }, flagged: null };
  return (
    growInKernel(kernelRows, params, treeStart, treeEnd, numThreads, beforeTree) ??
    growPlainInThreads(rows, info, params, treeStart, treeEnd, numThreads, beforeTree)
  );
}

/**
 * Grow trees [treeStart, treeEnd) that are otherwise the general trainer's: of values, by squared error, or of two
 * classes as the values 0 and 1; with random cuts of any number of classes.
 *
 * @param table checked by `checkTable`; of bytes and without weights, and for random cuts plain
 * @param numThreads from 1 to 256; by default as many as there are processors
 * @param beforeTree by default nothing calls the work off
 */
export async function growTableInThreads(
  table: TrainingTable,
  params: ResolvedParams,
  treeStart: number,
  treeEnd: number, // exclusive
  numThreads?: number,
  beforeTree?: BeforeTree,
): Promise<Tree[]> {
  return (
    growInKernel(toKernelRows(table), params, treeStart, treeEnd, numThreads, beforeTree) ??
    growGeneralInThreads(table, params, treeStart, treeEnd, numThreads, beforeTree)
  );
}

/**
 * Grow trees [treeStart, treeEnd) on the thread of the caller.
 *
 * @param table as `growTableInThreads` takes it, or of classes
 * @returns undefined where there is no kernel, or the rows don't fit its memory
 */
export function growHere(
  table: TrainingTable,
  params: ResolvedParams,
  treeStart: number,
  treeEnd: number, // exclusive
): Tree[] | undefined {
  const jobs = prepareJobs(toKernelRows(table), params, treeStart, treeEnd, 1);
  if (!jobs) return undefined;
  const takeTree = openQueue(jobs[0]);
  return Array.from({ length: treeEnd - treeStart }, () => takeTree()!.tree);
}

function toKernelRows(table: TrainingTable): KernelRows {
  const { columns, isCategorical = [] } = table;
  return { ...table, columns: columns as Uint8Array[], flagged: isFlagged(table) ? { isCategorical } : null };
}

/** Undefined where there is no kernel, or the rows don't fit its memory. */
function growInKernel(
  rows: KernelRows,
  params: ForestParams,
  treeStart: number,
  treeEnd: number, // exclusive
  numThreads?: number,
  beforeTree?: BeforeTree,
): Promise<Tree[]> | undefined {
  const numTrees = treeEnd - treeStart;
  const threads = Math.min(resolveNumThreads(numThreads), Math.max(1, numTrees));
  const jobs = prepareJobs(rows, params, treeStart, treeEnd, threads);
  if (!jobs) return undefined;
  const [{ memory, queue }] = jobs;
  return collectTrees(jobs, numTrees, openQueue, new Int32Array(memory.buffer, queue, 1), beforeTree);
}

/** What each thread is to do, with the rows in a memory for all; undefined where that can't be. */
function prepareJobs(
  rows: KernelRows,
  params: ForestParams,
  treeStart: number,
  treeEnd: number, // exclusive
  numThreads: number,
): GrowJob[] | undefined {
  const numTrees = treeEnd - treeStart;
  const module = kernelModule();
  const prepared = module && prepare(rows, params, numTrees, numThreads);
  if (!prepared) return undefined;
  const { memory, layout } = prepared;
  writeSeeds(memory, layout, params.seed, treeStart, numTrees);
  const { queue, seeds } = layout;
  return layout.threads.map(
    (thread): GrowJob => ({
      kind: 'grow',
      module,
      memory,
      queue,
      seeds,
      numTrees,
      bootstrap: params.bootstrap,
      isClassification: rows.target.labels !== undefined,
      ...thread,
    }),
  );
}

/** The rows in a memory for all threads; nothing when they don't fit. */
function prepare(
  { numRows, columns, edges, target, flagged }: KernelRows,
  params: ForestParams,
  numTrees: number,
  numThreads: number,
) {
  const values = target.values ?? (flagged && Float64Array.from(target.labels));
  const shape = {
    numRows,
    numFeatures: columns.length,
    numClasses: values ? 0 : target.numClasses!,
    hasFlags: flagged !== null,
    hasCategories: flagged?.isCategorical.includes(true),
  };
  const layout = planLayout(shape, params, numTrees, numThreads);
  if (layout.bytes > MAX_MEMORY_BYTES) return undefined;
  const memory = tryMemory(layout.bytes);
  if (!memory) return undefined;
  const { settings } = layout.threads[0];
  const codes = new Uint8Array(memory.buffer, settings.codes, numRows * columns.length);
  for (const [feature, column] of columns.entries()) codes.set(column, feature * numRows);
  if (values) new Float64Array(memory.buffer, settings.labels, numRows).set(values);
  else new Uint16Array(memory.buffer, settings.labels, numRows).set(target.labels!);
  if (flagged) {
    new Uint8Array(memory.buffer, settings.isCategorical, columns.length).set(flagged.isCategorical.map(Number));
  }
  new Uint16Array(memory.buffer, settings.numBins, columns.length).set(countBins(edges));
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
