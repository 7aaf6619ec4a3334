// The trainer in TypeScript on several threads, for where the kernel can't be used.

import type { BinnedRows } from '../partition/rows.ts';
import { collectTrees } from './collect-trees.ts';
import { packRows, type TrainingInfo } from './packed-rows.ts';
import type { ForestParams } from './params.ts';
import { openPlainQueue, type PlainGrowJob } from './plain-loop.ts';
import { makeQueue, toShared } from './shared.ts';
import type { BeforeTree } from './take-trees.ts';
import { resolveNumThreads } from './threads.ts';
import type { Tree } from './tree.ts';

/**
 * As `growTrees`, on several threads: the same bytes.
 *
 * @param numThreads from 1 to 256; by default as many as there are processors
 * @throws {InputError} when rows and info don't fit together
 */
export async function growPlainInThreads(
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
  const packed = packRows(rows, info);
  const job: PlainGrowJob = {
    kind: 'grow-plain',
    rows: threads > 1 ? { ...packed, codes: toShared(packed.codes), labels: toShared(packed.labels) } : packed,
    params,
    queue: makeQueue(),
    treeStart,
    numTrees,
  };
  const jobs = new Array<PlainGrowJob>(threads).fill(job);
  return collectTrees(jobs, numTrees, openPlainQueue, job.queue, beforeTree);
}
