// Runs the general trainer and the out-of-bag sums on several threads.

import { type GeneralGrowJob, type OobJob, openGeneralQueue } from './general-loop.ts';
import { growFromQueue } from './grow-from-queue.ts';
import type { GrowRequest } from './grow-request.ts';
import { addOobSums, type OobSums, oobSums } from './oob.ts';
import type { ForestParams } from './params.ts';
import { makeQueue, toSharedTable } from './shared.ts';
import { resolveNumThreads, runOnThread } from './threads.ts';
import type { TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';

/** Grow the trees of a request: threads take them from a queue. */
export function growGeneralInThreads({
  table,
  params,
  treeStart,
  treeEnd,
  numThreads,
  beforeTree,
}: GrowRequest): Promise<Tree[]> {
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
  return growFromQueue({ jobs, open: openGeneralQueue, queue: job.queue, numTrees, beforeTree });
}

/** Trees and the rows they were grown on. */
export interface OobRequest {
  table: TrainingTable;
  params: ForestParams;
  trees: readonly Tree[];
  /** Number of the first tree in its forest. */
  treeStart: number;
  /** From 1 to 256. @default the number of processors */
  numThreads?: number;
}

/** Like `oobSums`: each thread sums over some of the trees. Sums of integers are the same for any division. */
export async function oobSumsInThreads({ table, params, trees, treeStart, numThreads }: OobRequest): Promise<OobSums> {
  const threads = Math.min(resolveNumThreads(numThreads), trees.length);
  if (threads <= 1) return oobSums(table, params, trees, treeStart);
  const shared = toSharedTable(table);
  const [own, ...rest] = Array.from({ length: threads }, (_, i): OobJob => {
    const [start, end] = [i, i + 1].map((at) => Math.floor((at * trees.length) / threads));
    return { kind: 'oob', table: shared, params, trees: trees.slice(start, end), treeStart: treeStart + start };
  });
  const others = Promise.all(rest.map((job) => runOnThread<OobSums>(job)));
  others.catch(() => {}); // awaited below, after this thread's share
  const sums = oobSums(shared, params, own.trees, treeStart);
  for (const part of await others) addOobSums(sums, part);
  return sums;
}
