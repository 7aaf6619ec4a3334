// Predicts in WebAssembly: the same numbers as predict.ts, faster.

import type { Forest } from '../forest.ts';
import { checkCategories, hasMissingValues, hasWideCuts, isPlain } from '../walk.ts';
import { kernelModule } from './compile.ts';
import { AddressSpace } from './kernel.ts';
import { giveBack, MAX_FLAGGED_FEATURES, takeLaidOut } from './laid-out-forest.ts';
import { BLOCK_ROWS, type PredictJob, predictFromQueue } from './predict-loop.ts';
import { FIELD_BYTES, PREDICT_SETTINGS, type PredictSettings, WALKERS } from './settings.ts';

const MIN_ROWS = 256; // with fewer rows, laying out the trees takes longer than predicting

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
 * Put rows and trees into a memory for all threads.
 *
 * @returns undefined if they do not fit, or the kernel cannot predict them
 */
export function prepare(forest: Forest, columns: Float32Array[], numThreads: number) {
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
