// The general trainer, and the sums over rows out of bag, on several threads.

import { collectTrees } from './collect-trees.ts';
import { type GeneralGrowJob, type OobJob, openGeneralQueue } from './general-loop.ts';
import { addOobSums, type OobSums, oobSums } from './oob.ts';
import type { ForestParams, ResolvedParams } from './params.ts';
import { makeQueue, toSharedTable } from './shared.ts';
import type { BeforeTree } from './take-trees.ts';
import { resolveNumThreads, runOnThread } from './threads.ts';
import type { TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';

/**
 * Grow trees [treeStart, treeEnd): threads take them from a queue, and each depends on its number alone.
 *
 * @param table checked by `checkTable`
 * @param numThreads from 1 to 256; by default as many as there are processors
 */
export async function growGeneralInThreads(
  table: TrainingTable,
  params: ResolvedParams,
  treeStart: number,
  treeEnd: number, // exclusive
  numThreads?: number,
  beforeTree?: BeforeTree,
): Promise<Tree[]> {
  const numTrees = treeEnd - treeStart;
  const threads = Math.min(resolveNumThreads(numThreads), Math.max(1, numTrees));
  const job: GeneralGrowJob = {
    kind: 'grow-general',
    table: threads > 1 ? toSharedTable(table) : table,
    params,
    queue: makeQueue(),
    treeStart,
    numTrees,
  };
  const jobs = new Array<GeneralGrowJob>(threads).fill(job);
  return collectTrees(jobs, numTrees, openGeneralQueue, job.queue, beforeTree);
}

/**
 * As `oobSums`: each thread sums over a slice of the trees, and sums of whole numbers come out the same for any slicing.
 *
 * @param numThreads from 1 to 256; by default as many as there are processors
 */
export async function oobSumsInThreads(
  table: TrainingTable,
  params: ForestParams,
  trees: readonly Tree[],
  treeStart: number,
  numThreads?: number,
): Promise<OobSums> {
  const threads = Math.min(resolveNumThreads(numThreads), trees.length);
  if (threads <= 1) return oobSums(table, params, trees, treeStart);
  const shared = toSharedTable(table);
  const [own, ...rest] = Array.from({ length: threads }, (_, i): OobJob => {
    const [start, end] = [i, i + 1].map((at) => Math.floor((at * trees.length) / threads));
    return { kind: 'oob', table: shared, params, trees: trees.slice(start, end), treeStart: treeStart + start };
  });
  const others = Promise.all(rest.map((job) => runOnThread<OobSums>(job)));
  others.catch(() => {}); // awaited below, after our own share
  const sums = oobSums(shared, params, own.trees, treeStart);
  for (const part of await others) addOobSums(sums, part);
  return sums;
}
