// Predicts on several threads: in WebAssembly where the kernel can, with the same numbers as predict.ts.

import { checkColumns, type Forest } from '../forest.ts';
import { predictProba, predictValues } from '../predict.ts';
import { type PredictRowsJob, predictRowsFromQueue } from '../predict-rows.ts';
import { makeQueue, toShared } from '../shared.ts';
import { resolveNumThreads, runOnThread } from '../threads.ts';
import { giveBack } from './laid-out-forest.ts';
import { prepare } from './predict-in-kernel.ts';
import { BLOCK_ROWS, predictFromQueue } from './predict-loop.ts';

const ROWS_PER_THREAD = 2048; // without the kernel; fewer are predicted before another thread has received the trees

/**
 * Like `predictProba`, on several threads.
 *
 * @param numThreads from 1 to 256; by default the number of processors
 */
export async function predictProbaInThreads(
  forest: Forest,
  columns: Float32Array[],
  numThreads?: number,
): Promise<Float64Array> {
  return predictOutputsInThreads(forest, columns, resolveNumThreads(numThreads));
}

/**
 * Like `predictValues`, on several threads.
 *
 * @param numThreads from 1 to 256; by default the number of processors
 */
export async function predictValuesInThreads(
  forest: Forest,
  columns: Float32Array[],
  numThreads?: number,
): Promise<Float64Array> {
  return predictOutputsInThreads(forest, columns, resolveNumThreads(numThreads));
}

async function predictOutputsInThreads(
  forest: Forest,
  columns: Float32Array[],
  threads: number,
): Promise<Float64Array> {
  const numRows = columns[0]?.length ?? 0;
  const fits = columns.length === forest.edges.length && columns.every(({ length }) => length === numRows);
  const prepared = fits && prepare(forest, columns, Math.min(threads, Math.ceil(numRows / BLOCK_ROWS)));
  if (!prepared) return predictRowsInThreads(forest, columns, threads);
  const [own, ...rest] = prepared.jobs;
  const others = Promise.all(rest.map((job) => runOnThread<null>(job)));
  others.catch(() => {}); // awaited below, after this thread's share
  predictFromQueue(own);
  await others; // if one fails, others may still write, so the memory is not given back
  const result = prepared.result.slice();
  giveBack(prepared.laidOut);
  return result;
}

/** Predict without the kernel. */
async function predictRowsInThreads(
  forest: Forest,
  columns: Float32Array[],
  numThreads: number,
): Promise<Float64Array> {
  const { numClasses, edges, trees, isCategorical } = forest;
  const numRows = checkColumns(forest, columns);
  const threads = Math.min(numThreads, Math.ceil(numRows / ROWS_PER_THREAD));
  if (threads <= 1) return numClasses > 0 ? predictProba(forest, columns) : predictValues(forest, columns);
  const job: PredictRowsJob = {
    kind: 'predict-rows',
    forest: { numClasses, edges, trees, isCategorical },
    columns: columns.map(toShared),
    queue: makeQueue(),
    out: new Float64Array(new SharedArrayBuffer(8 * numRows * (numClasses || 1))),
  };
  const others = Promise.all(Array.from({ length: threads - 1 }, () => runOnThread<null>(job)));
  others.catch(() => {}); // awaited below, after this thread's share
  predictRowsFromQueue(job);
  await others;
  return Float64Array.from(job.out);
}
