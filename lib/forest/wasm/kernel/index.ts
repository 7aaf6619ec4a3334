// AssemblyScript: grows a whole tree in the linear memory, the same bytes as general-grow.ts. memory.ts explains the
// words.

import { cutCode, cutFeature, cutOnes, cutSamples, cutScore, hasVaried, isPerfect, resetCut } from './cut';
import { startLeaves } from './leaves';
import { addManyClassLeaf, enterManyClass, leaveManyClass, tryManyClass } from './many-class';
import {
  FRAME_BYTES,
  features,
  isRandom,
  LEAF,
  MAX_SAMPLES_PER_ROW,
  maxDepth,
  maxFeatures,
  minRowsToSplit,
  minSamplesLeaf,
  nodeCut,
  nodeFeature,
  nodeFlags,
  nodeRight,
  numClasses,
  numFeatures,
  packedSamples,
  STATE_BYTES,
  stack,
} from './memory';
import { nextBelow, startRandom } from './random';
import { drawRows, enterRows, gatherCodes, partition, partitionBy } from './rows';
import { addTwoClassLeaf, enterTwoClass, startTwoClass, tryTwoClass } from './two-class';
import { addSplit, addValueLeaf, enterValues, startValues, tryValues } from './values';

export { getNumLeafEntries, getNumLeafRows } from './leaves';
export { setUp } from './memory';
export { predictBlock } from './predict';

const NO_PARENT: i32 = -1;

let top: usize = 0;
let numNodes: i32 = 0;
let isTwoClass: bool = false;
let isRegression: bool = false;
// the features of the last pass
let f0: u32 = 0;
let f1: u32 = 0;
let f2: u32 = 0;
let f3: u32 = 0;

/**
 * Grow a tree from the two random states at `seed`: one draws its rows, one its features.
 *
 * @returns how many nodes it has
 */
export function grow(seed: usize, bootstrap: bool): i32 {
  startRandom(seed);
  const numPacked = drawRows(bootstrap);
  startRandom(seed + STATE_BYTES);
  for (let i = 0; i < numFeatures; i++) store<i32>(features + ((<usize>i) << 2), i);
  isRegression = numClasses === 0;
  isTwoClass = numClasses <= 2 && minSamplesLeaf === 1 && !isRegression && !isRandom;
  if (isTwoClass) startTwoClass();
  if (isRegression) startValues();
  else startLeaves();
  let samples = 0;
  let ones = 0;
  for (let i = 0; i < numPacked; i++) {
    const packed = load<u32>(packedSamples + ((<usize>i) << 2));
    const drawn = (packed >> 1) & MAX_SAMPLES_PER_ROW;
    samples += drawn;
    ones += drawn * (packed & 1);
  }
  numNodes = 0;
  top = stack;
  push(0, numPacked, 0, samples, ones, NO_PARENT);
  while (top > stack) growNode();
  if (!isTwoClass && !isRegression) leaveManyClass();
  return numNodes;
}

/** Take a node from the stack; make it a leaf, or cut it and push its children, the left one on top. */
function growNode(): void {
  top -= FRAME_BYTES;
  const start = load<i32>(top, 0);
  const end = load<i32>(top, 4);
  const depth = load<i32>(top, 8);
  const samples = load<i32>(top, 12);
  const ones = load<i32>(top, 16);
  const parent = load<i32>(top, 20);
  const node = numNodes++;
  if (parent !== NO_PARENT) store<i32>(nodeRight + ((<usize>parent) << 2), node);
  enterRows(start, end);
  const isPure = isTwoClass
    ? enterTwoClass(start, end, samples, ones)
    : isRegression
      ? enterValues(start, end)
      : enterManyClass(start, end);
  if (isPure || depth >= maxDepth || end - start < minRowsToSplit || !findCut(start, end)) {
    addNode(node, LEAF, 0);
    if (nodeFlags !== 0) store<u8>(nodeFlags + <usize>node, 0);
    const leaf = isTwoClass ? addTwoClassLeaf() : isRegression ? addValueLeaf() : addManyClassLeaf();
    store<u32>(nodeRight + ((<usize>node) << 2), leaf);
    return;
  }
  addNode(node, cutFeature, cutCode);
  const shift: u32 = cutFeature === f0 ? 0 : cutFeature === f1 ? 8 : cutFeature === f2 ? 16 : 24;
  const middle =
    nodeFlags === 0 ? partition(start, end, shift, cutCode) : partitionBy(start, end, shift, addSplit(node));
  push(middle, end, depth + 1, samples - cutSamples, ones - cutOnes, node);
  push(start, middle, depth + 1, cutSamples, cutOnes, NO_PARENT);
}

function addNode(node: i32, feature: u32, cut: u32): void {
  store<u16>(nodeFeature + ((<usize>node) << 1), <u16>feature);
  store<u8>(nodeCut + <usize>node, <u8>cut);
}

/** Find the best cut, and leave its feature among the packed codes. @returns whether there is one */
function findCut(start: i32, end: i32): bool {
  resetCut();
  let numDrawn = 0;
  while (numDrawn < maxFeatures) drawFeature(numDrawn++);
  for (let i = 0; i < numDrawn && !isPerfect; i += 4) tryFeatures(i, numDrawn);
  while (!hasVaried && numDrawn < numFeatures) {
    drawFeature(numDrawn++);
    tryFeatures(numDrawn - 1, numDrawn);
  }
  if (cutScore < 0) return false;
  if (cutFeature !== f0 && cutFeature !== f1 && cutFeature !== f2 && cutFeature !== f3) {
    f0 = f1 = f2 = f3 = cutFeature;
    gatherCodes(start, end, f0, f1, f2, f3);
  }
  return true;
}

/** Draw a feature that was not drawn yet, and swap it to position `index`. */
function drawFeature(index: i32): void {
  const to = features + ((<usize>index) << 2);
  const from = to + ((<usize>nextBelow(numFeatures - index)) << 2);
  const feature = load<u32>(from);
  store<u32>(from, load<u32>(to));
  store<u32>(to, feature);
}

function tryFeatures(index: i32, numDrawn: i32): void {
  const numSlots = min(4, numDrawn - index);
  const at = features + ((<usize>index) << 2);
  f0 = load<u32>(at);
  f1 = numSlots > 1 ? load<u32>(at, 4) : f0;
  f2 = numSlots > 2 ? load<u32>(at, 8) : f1;
  f3 = numSlots > 3 ? load<u32>(at, 12) : f2;
  if (isTwoClass) tryTwoClass(numSlots, f0, f1, f2, f3);
  else if (isRegression) tryValues(numSlots, f0, f1, f2, f3);
  else tryManyClass(numSlots, f0, f1, f2, f3);
}

function push(start: i32, end: i32, depth: i32, samples: i32, ones: i32, parent: i32): void {
  store<i32>(top, start, 0);
  store<i32>(top, end, 4);
  store<i32>(top, depth, 8);
  store<i32>(top, samples, 12);
  store<i32>(top, ones, 16);
  store<i32>(top, parent, 20);
  top += FRAME_BYTES;
}
