// Grows trees in WebAssembly, on several threads: the same bytes as the general trainer, faster.

import { STREAM } from '../../base/random.ts';
import type { BinEdges } from '../../partition/rows.ts';
import { growGeneralInThreads } from '../general-in-threads.ts';
import { growFromQueue } from '../grow-from-queue.ts';
import type { GrowRequest } from '../grow-request.ts';
import { countBins } from '../packed-rows.ts';
import type { ForestParams } from '../params.ts';
import { resolveNumThreads } from '../threads.ts';
import { isFlagged, type Target, type TrainingTable } from '../training-table.ts';
import type { Tree } from '../tree.ts';
import { TreeRandom } from '../tree-random.ts';
import { kernelModule } from './compile.ts';
import { type GrowJob, openQueue } from './grow-loop.ts';
import { MAX_KERNEL_ROWS, MAX_MEMORY_BYTES, tryMemory } from './kernel.ts';
import { type Layout, planLayout, SEED_BYTES, writeSettings } from './layout.ts';

/** Training rows for the kernel. */
interface KernelRows {
  numRows: number;
  columns: readonly Uint8Array[];
  edges: BinEdges;
  target: Target;
  /** Which features are categories; null if none is and no value is missing. */
  flagged: { isCategorical: readonly boolean[] } | null;
}

/**
 * Grow the trees of a request, which the general trainer could grow too: of classes, of values by squared error, of two
 * classes as the values 0 and 1, or with random cuts.
 *
 * @param request a table of bytes without weights; plain for random cuts and for more than two classes
 */
export async function growTableInThreads(request: GrowRequest): Promise<Tree[]> {
  return growInKernel(request) ?? growGeneralInThreads(request);
}

/**
 * Grow the trees of a request on the caller's thread.
 *
 * @param request as `growTableInThreads` takes it
 * @returns undefined if the kernel is not available or the rows do not fit its memory
 */
export function growHere(request: GrowRequest): Tree[] | undefined {
  const jobs = prepareJobs(request, 1);
  if (!jobs) return undefined;
  const takeTree = openQueue(jobs[0]);
  return Array.from({ length: request.treeEnd - request.treeStart }, () => takeTree()!.tree);
}

function toKernelRows(table: TrainingTable): KernelRows {
  const { columns, isCategorical = [] } = table;
  return { ...table, columns: columns as Uint8Array[], flagged: isFlagged(table) ? { isCategorical } : null };
}

/** @returns undefined if the kernel is not available or the rows do not fit its memory */
function growInKernel(request: GrowRequest): Promise<Tree[]> | undefined {
  const numTrees = request.treeEnd - request.treeStart;
  const threads = Math.min(resolveNumThreads(request.numThreads), Math.max(1, numTrees));
  const jobs = prepareJobs(request, threads);
  if (!jobs) return undefined;
  const [{ memory, queue }] = jobs;
  const { beforeTree } = request;
  return growFromQueue({ jobs, open: openQueue, queue: new Int32Array(memory.buffer, queue, 1), numTrees, beforeTree });
}

/** The job of each thread, with the rows in one memory for all; undefined as for `growInKernel`. */
function prepareJobs({ table, params, treeStart, treeEnd }: GrowRequest, numThreads: number): GrowJob[] | undefined {
  const numTrees = treeEnd - treeStart;
  const module = kernelModule();
  const prepared = module && prepare(toKernelRows(table), params, numTrees, numThreads);
  if (!prepared) return undefined;
  const { memory, layout } = prepared;
  writeSeeds(memory, layout, params.seed, { treeStart, numTrees });
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
      isClassification: table.target.labels !== undefined,
      ...thread,
    }),
  );
}

/** Put the rows into a memory for all threads. @returns undefined if they do not fit */
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
  if (numRows > MAX_KERNEL_ROWS) return undefined;
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

function writeSeeds(
  memory: WebAssembly.Memory,
  { seeds }: Layout,
  seed: number,
  { treeStart, numTrees }: { treeStart: number; numTrees: number },
): void {
  const random = new TreeRandom();
  const states = new Int32Array(memory.buffer, seeds, (numTrees * SEED_BYTES) / 4);
  for (let i = 0; i < numTrees; i++) {
    states.set(random.start(seed, STREAM.bootstrap, treeStart + i).state, 8 * i);
    states.set(random.start(seed, STREAM.tree, treeStart + i).state, 8 * i + 4);
  }
}
