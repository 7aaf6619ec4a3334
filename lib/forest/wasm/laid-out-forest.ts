// The trees of a forest as kernel/predict.ts reads them, kept for the next rows: laying out a million nodes takes 40 ms,
// predicting a thousand rows 3.

import type { BinEdges } from '../../partition/rows.ts';
import { LEAF_VALUE, type LeafTable } from '../leaf-table.ts';
import type { Forest } from '../predict.ts';
import { LEAF, type Tree } from '../tree.ts';
import { AddressSpace, type GrowableMemory, MAX_MEMORY_BYTES, PAGE_BYTES, tryGrow, tryMemory } from './kernel.ts';

const EDGES_PER_FEATURE = 256; // padded with infinity, which no value is above
const NODE_BYTES = 8; // and as many again for a leaf

/** Addresses in a memory that threads share. */
export interface LaidOutForest {
  memory: GrowableMemory;
  edges: number;
  roots: number;
  nodes: number;
  /** Of each leaf: a number for each class, or the value. */
  fractions: number;
  /** End of the trees: from here on is room for rows. */
  end: number;
  forest: Forest;
}

/** By the list of trees, which nobody changes once it is made. */
const known = new WeakMap<readonly Tree[], LaidOutForest>();
/** With more room for rows than this, a layout is not kept. */
const MAX_KEPT_ROOM = 32 * 1024 ** 2;

/**
 * The forest laid out, with room for rows: for the caller alone, until `giveBack`.
 *
 * @param rowBytes what is asked for behind the trees
 * @returns undefined when it doesn't fit a memory, or the system has no room
 */
export function takeLaidOut(forest: Forest, rowBytes: number): LaidOutForest | undefined {
  const kept = known.get(forest.trees);
  known.delete(forest.trees);
  const laidOut = kept?.forest.edges === forest.edges ? kept : layOut(forest, rowBytes);
  if (!laidOut || laidOut.end + rowBytes > MAX_MEMORY_BYTES) return undefined;
  const { memory } = laidOut;
  return tryGrow(memory, laidOut.end + rowBytes - memory.buffer.byteLength) ? laidOut : undefined;
}

/** Keep it for the next rows. */
export function giveBack(laidOut: LaidOutForest): void {
  const { memory, end, forest } = laidOut;
  if (memory.buffer.byteLength - end <= MAX_KEPT_ROOM) known.set(forest.trees, laidOut);
}

function layOut(forest: Forest, rowBytes: number): LaidOutForest | undefined {
  const { edges, trees, numClasses } = forest;
  const numOutputs = numClasses || 1; // a value
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
  const at = {
    edges: space.reserve(4 * EDGES_PER_FEATURE * edges.length),
    roots: space.reserve(4 * trees.length),
    nodes: space.reserve(NODE_BYTES * numSlots),
    fractions: space.reserve(8 * numLeafRows * numOutputs),
    end: space.reserve(0),
  };
  if (at.end + rowBytes > MAX_MEMORY_BYTES) return undefined;
  const memory = tryMemory(Math.ceil((at.end + rowBytes) / PAGE_BYTES) * PAGE_BYTES, MAX_MEMORY_BYTES);
  if (!memory) return undefined;
  const { buffer } = memory;
  writeEdges(new Float32Array(buffer, at.edges, EDGES_PER_FEATURE * edges.length), edges);
  const roots = new Uint32Array(buffer, at.roots, trees.length);
  const slots = new Uint32Array(buffer, at.nodes, 2 * numSlots);
  let slot = 0;
  for (const [i, tree] of trees.entries()) {
    roots[i] = slot;
    slot = packNodes(tree, rowOfTable.get(tree.leaves)!, slots, slot);
  }
  const fractions = new Float64Array(buffer, at.fractions, numLeafRows * numOutputs);
  const write = numClasses === 0 ? writeValues : writeFractions;
  for (const [table, row] of rowOfTable) write(table, numOutputs, fractions, row * numOutputs);
  return { memory, ...at, forest };
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

function writeValues({ start, counts }: LeafTable, _numOutputs: number, values: Float64Array, at: number) {
  for (let row = 0; row + 1 < start.length; row++) values[at + row] = counts[start[row] + LEAF_VALUE];
}
