// The trees of a forest laid out for kernel/predict.ts, and kept for later rows: laying out a million nodes takes 40
// ms, predicting a thousand rows 3 ms.

import type { BinEdges } from '../../partition/rows.ts';
import type { Forest } from '../forest.ts';
import { LEAF_VALUE, type LeafTable } from '../leaf-table.ts';
import { CATEGORICAL, LEAF, MISSING_LEFT, SET_BYTES, type Tree } from '../tree.ts';
import { biggerChildFlags } from '../walk.ts';
import { AddressSpace, MAX_MEMORY_BYTES, PAGE_BYTES, tryGrow, tryMemory } from './kernel.ts';
import { BY_SET, NODE_BYTES } from './settings.ts';

/** With two bytes a code, the offset of a code must fit 16 bits. */
export const MAX_FLAGGED_FEATURES = 32_768;
const EDGES_PER_FEATURE = 256; // padded with infinity, which no value exceeds

/** Addresses in a memory that threads share. */
interface LaidOutForest {
  memory: WebAssembly.Memory;
  edges: number;
  roots: number;
  nodes: number;
  /**
   * Sets of categories; and a byte for each feature, 1 if it is a category, or address 0 where no value can be missing.
   */
  sets: number;
  isCategorical: number;
  /** For each leaf the fraction of each class, or the value. */
  fractions: number;
  /** End of the trees; rows follow. */
  end: number;
  forest: Forest;
}

/** By the list of trees, which does not change once it is made. */
const keptForests = new WeakMap<readonly Tree[], LaidOutForest>();
/** A forest with more memory for rows than this is not kept. */
const MAX_KEPT_ROW_BYTES = 32 * 1024 ** 2;

/**
 * Lay out the forest, with memory for rows behind it. It belongs to the caller until `giveBack`.
 *
 * @param rowBytes bytes to reserve behind the trees
 * @param isFlagged whether values of the rows may be missing, or features are categories
 * @returns undefined if it does not fit a memory, or the system has none left
 */
export function takeLaidOut(forest: Forest, rowBytes: number, isFlagged: boolean): LaidOutForest | undefined {
  const kept = keptForests.get(forest.trees);
  keptForests.delete(forest.trees);
  const isKept = kept?.forest.edges === forest.edges && (!isFlagged || kept.isCategorical !== 0);
  const laidOut = isKept ? kept : layOut(forest, rowBytes, isFlagged);
  if (!laidOut || laidOut.end + rowBytes > MAX_MEMORY_BYTES) return undefined;
  const { memory } = laidOut;
  return tryGrow(memory, laidOut.end + rowBytes - memory.buffer.byteLength) ? laidOut : undefined;
}

/** Keep a forest for the next rows. */
export function giveBack(laidOut: LaidOutForest): void {
  const { memory, end, forest } = laidOut;
  if (memory.buffer.byteLength - end <= MAX_KEPT_ROW_BYTES) keptForests.set(forest.trees, laidOut);
}

function layOut(forest: Forest, rowBytes: number, isFlagged: boolean): LaidOutForest | undefined {
  const { edges, trees, numClasses } = forest;
  const numOutputs = numClasses || 1; // regression has one output
  const rowOfTable = new Map<LeafTable, number>();
  let numLeafRows = 0;
  for (const { leaves } of trees) {
    if (rowOfTable.has(leaves)) continue;
    rowOfTable.set(leaves, numLeafRows);
    numLeafRows += leaves.start.length - 1;
  }
  const numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0);
  const numSets = trees.reduce((sum, { sets }) => sum + (sets ? sets.length / SET_BYTES : 0), 0);
  const numSlots = numNodes + (numNodes + trees.length) / 2 + numSets; // a tree has one leaf more than cuts
  const space = new AddressSpace();
  const at = {
    edges: space.reserve(4 * EDGES_PER_FEATURE * edges.length),
    roots: space.reserve(4 * trees.length),
    nodes: space.reserve(NODE_BYTES * numSlots),
    fractions: space.reserve(8 * numLeafRows * numOutputs),
    sets: space.reserve(SET_BYTES * numSets),
    isCategorical: isFlagged ? space.reserve(edges.length) : 0,
    end: space.reserve(0),
  };
  if (at.end + rowBytes > MAX_MEMORY_BYTES) return undefined;
  const memory = tryMemory(Math.ceil((at.end + rowBytes) / PAGE_BYTES) * PAGE_BYTES, MAX_MEMORY_BYTES);
  if (!memory) return undefined;
  const { buffer } = memory;
  writeEdges(new Float32Array(buffer, at.edges, EDGES_PER_FEATURE * edges.length), edges);
  const roots = new Uint32Array(buffer, at.roots, trees.length);
  const slots = new Uint32Array(buffer, at.nodes, 2 * numSlots);
  const allSets = new Uint8Array(buffer, at.sets, SET_BYTES * numSets);
  let slot = 0;
  let setIndex = 0;
  for (const [i, tree] of trees.entries()) {
    const flags = isFlagged ? (tree.flags ?? biggerChildFlags(tree, numClasses === 0)) : undefined;
    roots[i] = slot;
    slot = packNodes({ ...tree, flags }, slots, { leafRow: rowOfTable.get(tree.leaves)!, start: slot, setIndex });
    if (tree.sets) setIndex = packSets(tree.sets, flags!, allSets, setIndex);
  }
  if (isFlagged) {
    const categorical = new Uint8Array(buffer, at.isCategorical, edges.length);
    for (const [feature, is] of (forest.isCategorical ?? []).entries()) categorical[feature] = Number(is);
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
 * @param slots two 32-bit numbers for each slot
 * @param start first slot
 * @param leafRow row of the first leaf row of the tree among those of all trees
 * @param setIndex number of its first set among those of all trees
 * @returns the first slot after it
 */
function packNodes(
  { numNodes, feature, cut, next, flags }: Tree,
  slots: Uint32Array,
  { leafRow, start, setIndex }: { leafRow: number; start: number; setIndex: number },
): number {
  const hasMore = (node: number) => feature[node] === LEAF || (flags !== undefined && flags[node] & CATEGORICAL);
  const slotOf = new Uint32Array(numNodes);
  let slot = start;
  for (let node = 0; node < numNodes; node++) {
    slotOf[node] = slot;
    slot += hasMore(node) ? 2 : 1;
  }
  let set = setIndex;
  for (let node = 0; node < numNodes; node++) {
    const at = 2 * slotOf[node];
    if (feature[node] === LEAF) {
      slots[at + 2] = leafRow + next[node];
      continue;
    }
    slots[at] = NODE_BYTES * (slotOf[next[node]] - slotOf[node]);
    if (!flags) {
      slots[at + 1] = ((cut[node] + 1) << 16) | feature[node];
    } else if (flags[node] & CATEGORICAL) {
      slots[at + 1] = (BY_SET << 16) | (2 * feature[node]);
      slots[at + 2] = set++;
    } else {
      const isMissingLeft = flags[node] & MISSING_LEFT ? 1 : 0;
      slots[at + 1] = ((cut[node] + 1 + isMissingLeft) << 16) | (2 * feature[node] + isMissingLeft);
    }
  }
  return slot;
}

/**
 * Copy the sets of a tree; the last bit of each says whether a missing value goes left.
 *
 * @returns the number of sets so far
 */
function packSets(sets: Uint8Array, flags: Uint8Array, all: Uint8Array, setIndex: number): number {
  all.set(sets, SET_BYTES * setIndex);
  let set = setIndex;
  for (const flag of flags) {
    if (!(flag & CATEGORICAL)) continue;
    set++;
    if (flag & MISSING_LEFT) all[SET_BYTES * set - 1] |= 128;
  }
  return set;
}

/** Write the fractions of all classes, zeros too: adding 0 does not change a sum. */
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
