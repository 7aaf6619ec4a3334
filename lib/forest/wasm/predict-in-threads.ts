// Predicts in WebAssembly: the numbers that the twin in predict.ts gives, sooner.

import { checkColumns, type Forest, predictProba, predictValues } from '../predict.ts';
import { type PredictRowsJob, predictRowsFromQueue } from '../predict-rows.ts';
import { makeQueue, toShared } from '../shared.ts';
import { resolveNumThreads, runOnThread } from '../threads.ts';
import { checkCategories, hasMissingValues, hasWideCuts, isPlain } from '../walk.ts';
import { kernelModule } from './compile.ts';
import { AddressSpace } from './kernel.ts';
import { giveBack, MAX_FLAGGED_FEATURES, takeLaidOut } from './laid-out-forest.ts';
import { BLOCK_ROWS, type PredictJob, predictFromQueue } from './predict-loop.ts';

const MIN_ROWS = 256; // below, laying out the trees takes longer than walking down them
const ROWS_PER_THREAD = 2048; // without the kernel; fewer are done before another thread has the trees
const NUM_SETTINGS = 13; // 32 bits each, as kernel/predict.ts reads them
const WALKERS = 8; // rows that walk side by side: a block's codes are read up to a multiple of it

/**
 * Class probabilities, or values, by the kernel, on the thread of the caller.
 *
 * @returns false, with nothing done, where the kernel can't be used or doesn't pay
 */
export function predictInKernel(forest: Forest, columns: Float32Array[], out: Float64Array): boolean {
  const prepared = prepare(forest, columns, 1);
  if (!prepared) return false;
  predictFromQueue(prepared.jobs[0]);
  out.set(prepared.result);
  giveBack(prepared.laidOut);
  return true;
}

/**
 * As `predictProba`, on several threads.
 *
 * @param numThreads from 1 to 256; by default as many as there are processors
 */
export async function predictProbaInThreads(
  forest: Forest,
  columns: Float32Array[],
  numThreads?: number,
): Promise<Float64Array> {
  return predictOutputsInThreads(forest, columns, resolveNumThreads(numThreads));
}

/**
 * As `predictValues`, on several threads.
 *
 * @param numThreads from 1 to 256; by default as many as there are processors
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
  others.catch(() => {}); // awaited below, after our own share
  predictFromQueue(own);
  await others; // after one that failed others may still write: the memory is not given back
  const result = prepared.result.slice();
  giveBack(prepared.laidOut);
  return result;
}

/** Without the kernel. */
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
  others.catch(() => {}); // awaited below, after our own share
  predictRowsFromQueue(job);
  await others;
  return Float64Array.from(job.out);
}

/** Rows and trees in a memory for all threads; nothing when they don't fit. */
function prepare(forest: Forest, columns: Float32Array[], numThreads: number) {
  const { edges, trees, numClasses, isCategorical } = forest;
  const numOutputs = numClasses || 1; // a value
  const numRows = columns[0]?.length ?? 0;
  const module = kernelModule();
  const numFeatures = edges.length;
  if (!module || numRows < MIN_ROWS || hasWideCuts(forest)) return undefined;
  const isFlagged = !isPlain(forest) || isCategorical?.includes(true) || hasMissingValues(columns, 0, numRows);
  if (isFlagged && numFeatures > MAX_FLAGGED_FEATURES) return undefined;
  for (const [feature, is] of (isCategorical ?? []).entries()) if (is) checkCategories(columns[feature], feature);
  const space = new AddressSpace();
  const at = {
    queue: space.reserve(4),
    columns: space.reserve(4 * numRows * numFeatures),
    out: space.reserve(8 * numRows * numOutputs),
  };
  const threads = Array.from({ length: numThreads }, () => ({
    settingsAt: space.reserve(4 * NUM_SETTINGS),
    codes: space.reserve(2 * (BLOCK_ROWS + WALKERS) * numFeatures),
  }));
  const laidOut = takeLaidOut(forest, space.bytes, isFlagged);
  if (!laidOut) return undefined;
  const { memory, end, roots, nodes, fractions } = laidOut;
  const { buffer } = memory;
  new Int32Array(buffer, end + at.queue, 1)[0] = 0;
  for (const [feature, column] of columns.entries()) {
    new Float32Array(buffer, end + at.columns + 4 * numRows * feature, numRows).set(column);
  }
  const jobs = threads.map(({ settingsAt, codes }): PredictJob => {
    new Uint32Array(buffer, end + settingsAt, NUM_SETTINGS).set([
      numFeatures,
      numOutputs,
      trees.length,
      numRows,
      end + at.columns,
      laidOut.edges,
      roots,
      nodes,
      fractions,
      end + at.out,
      end + codes,
      laidOut.sets,
      laidOut.isCategorical,
    ]);
    return { kind: 'predict', module, memory, queue: end + at.queue, settingsAt: end + settingsAt, numRows };
  });
  return { jobs, result: new Float64Array(buffer, end + at.out, numRows * numOutputs), laidOut };
}
