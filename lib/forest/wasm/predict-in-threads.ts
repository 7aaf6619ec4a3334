// Predicts in WebAssembly: the same numbers as predict.ts, faster.

import { checkColumns, type Forest, predictProba, predictValues } from '../predict.ts';
import { type PredictRowsJob, predictRowsFromQueue } from '../predict-rows.ts';
import { makeQueue, toShared } from '../shared.ts';
import { resolveNumThreads, runOnThread } from '../threads.ts';
import { checkCategories, hasMissingValues, hasWideCuts, isPlain } from '../walk.ts';
import { kernelModule } from './compile.ts';
import { AddressSpace } from './kernel.ts';
import { giveBack, MAX_FLAGGED_FEATURES, takeLaidOut } from './laid-out-forest.ts';
import { BLOCK_ROWS, type PredictJob, predictFromQueue } from './predict-loop.ts';
import { FIELD_BYTES, PREDICT_SETTINGS, type PredictSettings, WALKERS } from './settings.ts';

const MIN_ROWS = 256; // with fewer rows, laying out the trees takes longer than predicting
const ROWS_PER_THREAD = 2048; // without the kernel; fewer are predicted before another thread has received the trees

/**
 * Predict class probabilities, or values, by the kernel on the caller's thread.
 *
 * @param out receives them, shape [numRows, numClasses or 1]
 * @returns false, with `out` unchanged, where the kernel is missing, cannot do it, or would be slower
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

/**
 * Put rows and trees into a memory for all threads.
 *
 * @returns undefined if they do not fit, or the kernel cannot predict them
 */
function prepare(forest: Forest, columns: Float32Array[], numThreads: number) {
  const { edges, trees, numClasses, isCategorical } = forest;
  const numOutputs = numClasses || 1; // regression has one output
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
    settingsAt: space.reserve(FIELD_BYTES * PREDICT_SETTINGS.length),
    codes: space.reserve(2 * (BLOCK_ROWS + WALKERS) * numFeatures), // read up to a multiple of `WALKERS` rows
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
    const settings: PredictSettings = {
      numFeatures,
      numOutputs,
      numTrees: trees.length,
      numRows,
      columns: end + at.columns,
      edges: laidOut.edges,
      roots,
      nodes,
      fractions,
      out: end + at.out,
      codes: end + codes,
      sets: laidOut.sets,
      isCategorical: laidOut.isCategorical,
    };
    const fields = PREDICT_SETTINGS.map((name) => settings[name]);
    new Uint32Array(buffer, end + settingsAt, fields.length).set(fields);
    return { kind: 'predict', module, memory, queue: end + at.queue, settingsAt: end + settingsAt, numRows };
  });
  return { jobs, result: new Float64Array(buffer, end + at.out, numRows * numOutputs), laidOut };
}
