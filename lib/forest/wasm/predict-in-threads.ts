// Predicts in WebAssembly: the numbers that the twin in predict.ts gives, sooner.

import type { BinEdges } from '../../partition/rows.ts';
import type { LeafTable } from '../leaf-table.ts';
import { checkColumns, type Forest, predictProba, predictValues } from '../predict.ts';
import { type PredictRowsJob, predictRowsFromQueue } from '../predict-rows.ts';
import { makeQueue, toShared } from '../shared.ts';
import { LEAF, type Tree } from '../tree.ts';
import { hasMissingValues, isPlain } from '../walk.ts';
import { kernelModule } from './compile.ts';
import { AddressSpace, createMemory, MAX_MEMORY_BYTES } from './kernel.ts';
import { BLOCK_ROWS, type PredictJob, predictFromQueue } from './predict-loop.ts';
import { resolveNumThreads, runOnThread } from './threads.ts';

const MIN_ROWS = 256; // below, laying out the trees takes longer than walking down them
const ROWS_PER_THREAD = 2048; // without the kernel; fewer are done before another thread has the trees
const EDGES_PER_FEATURE = 256; // padded with infinity, which no value is above
const NODE_BYTES = 8; // and as many again for a leaf
const WALKERS = 8; // rows that walk side by side: a block's codes are read up to a multiple of it

/**
 * Class probabilities by the kernel, on the thread of the caller.
 *
 * @returns false, with nothing done, where the kernel can't be used or doesn't pay
 */
export function predictInKernel(forest: Forest, columns: Float32Array[], out: Float64Array): boolean {
  const prepared = prepare(forest, columns, 1);
  if (!prepared) return false;
  predictFromQueue(prepared.jobs[0]);
  out.set(prepared.result);
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
  const threads = resolveNumThreads(numThreads);
  const numRows = columns[0]?.length ?? 0;
  const fits = columns.length === forest.edges.length && columns.every(({ length }) => length === numRows);
  const prepared = fits && prepare(forest, columns, Math.min(threads, Math.ceil(numRows / BLOCK_ROWS)));
  if (!prepared) return predictRowsInThreads(forest, columns, threads);
  const [own, ...rest] = prepared.jobs;
  const others = Promise.all(rest.map((job) => runOnThread<null>(job)));
  others.catch(() => {}); // awaited below, after our own share
  predictFromQueue(own);
  await others;
  return prepared.result.slice();
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
  return predictRowsInThreads(forest, columns, resolveNumThreads(numThreads));
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
function prepare({ edges, trees, numClasses }: Forest, columns: Float32Array[], numThreads: number) {
  const numRows = columns[0]?.length ?? 0;
  const module = kernelModule();
  if (!module || numRows < MIN_ROWS || !isPlain({ trees }) || hasMissingValues(columns, 0, numRows)) return undefined;
  const numFeatures = edges.length;
  const rowOfTable = new Map<LeafTable, number>();
  let numLeafRows = 0;
  for (const { leaves } of trees) {
    if (rowOfTable.has(leaves)) continue;
    rowOfTable.set(leaves, numLeafRows);
    numLeafRows += leaves.start.length - 1;
  }
  const numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0);
  const numSlots = numNodes + (numNodes + trees.length) / 2; // a tree has one leaf more than cuts
  const space = new AddressSpace();
  const queue = space.reserve(4);
  const at = {
    columns: space.reserve(4 * numRows * numFeatures),
    edges: space.reserve(4 * EDGES_PER_FEATURE * numFeatures),
    roots: space.reserve(4 * trees.length),
    nodes: space.reserve(NODE_BYTES * numSlots),
    fractions: space.reserve(8 * numLeafRows * numClasses),
    out: space.reserve(8 * numRows * numClasses),
  };
  const threads = Array.from({ length: numThreads }, () => ({
    settingsAt: space.reserve(44),
    codes: space.reserve((BLOCK_ROWS + WALKERS) * numFeatures),
  }));
  if (space.bytes > MAX_MEMORY_BYTES) return undefined;
  const memory = createMemory(space.bytes);
  const { buffer } = memory;
  for (const [feature, column] of columns.entries()) {
    new Float32Array(buffer, at.columns + 4 * numRows * feature, numRows).set(column);
  }
  writeEdges(new Float32Array(buffer, at.edges, EDGES_PER_FEATURE * numFeatures), edges);
  const roots = new Uint32Array(buffer, at.roots, trees.length);
  const slots = new Uint32Array(buffer, at.nodes, 2 * numSlots);
  let slot = 0;
  for (const [i, tree] of trees.entries()) {
    roots[i] = slot;
    slot = packNodes(tree, rowOfTable.get(tree.leaves)!, slots, slot);
  }
  const fractions = new Float64Array(buffer, at.fractions, numLeafRows * numClasses);
  for (const [table, row] of rowOfTable) writeFractions(table, numClasses, fractions, row * numClasses);
  const jobs = threads.map(({ settingsAt, codes }): PredictJob => {
    const { columns, edges, roots, nodes, fractions, out } = at;
    new Uint32Array(buffer, settingsAt, 11).set([
      numFeatures,
      numClasses,
      trees.length,
      numRows,
      columns,
      edges,
      roots,
      nodes,
      fractions,
      out,
      codes,
    ]);
    return { kind: 'predict', module, memory, queue, settingsAt, numRows };
  });
  return { jobs, result: new Float64Array(buffer, at.out, numRows * numClasses) };
}

function writeEdges(padded: Float32Array, edges: BinEdges): void {
  padded.fill(Number.POSITIVE_INFINITY);
  for (const [feature, featureEdges] of edges.entries()) padded.set(featureEdges, feature * EDGES_PER_FEATURE);
}

/**
 * Lay out a tree as kernel/predict.ts reads it, in slots of 8 bytes from `start` on.
 *
 * @param slots two numbers each
 * @returns the first slot after it
 */
function packNodes({ numNodes, feature, cut, next }: Tree, leafRow: number, slots: Uint32Array, start: number): number {
  const slotOf = new Uint32Array(numNodes);
  let slot = start;
  for (let node = 0; node < numNodes; node++) {
    slotOf[node] = slot;
    slot += feature[node] === LEAF ? 2 : 1;
  }
  for (let node = 0; node < numNodes; node++) {
    const at = 2 * slotOf[node];
    if (feature[node] === LEAF) {
      slots[at + 2] = leafRow + next[node];
    } else {
      slots[at] = NODE_BYTES * (slotOf[next[node]] - slotOf[node]);
      slots[at + 1] = ((cut[node] + 1) << 16) | feature[node];
    }
  }
  return slot;
}

/** Fractions of all classes, zeros included: adding 0 changes no sum. */
function writeFractions(
  { start, classes, counts }: LeafTable,
  numClasses: number,
  fractions: Float64Array,
  at: number,
) {
  for (let row = 0; row + 1 < start.length; row++) {
    let samples = 0;
    for (let i = start[row]; i < start[row + 1]; i++) samples += counts[i];
    for (let i = start[row]; i < start[row + 1]; i++)
      fractions[at + row * numClasses + classes[i]] = counts[i] / samples;
  }
}
