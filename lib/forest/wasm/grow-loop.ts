// The work of each thread: take the next tree from the queue and grow it in the thread's regions, until none is left.

import { LEAF_VALUE, LEAF_WEIGHT, type LeafTable, LeafTableBuilder } from '../leaf-table.ts';
import { CATEGORICAL, LEAF, SET_BYTES, type Tree } from '../tree.ts';
import type { NextTree } from '../tree-queue.ts';
import { instantiate } from './kernel.ts';
import { type Layout, SEED_BYTES } from './layout.ts';
import type { Settings } from './settings.ts';

/** The work of one thread; sent as a message. */
export interface GrowJob extends Pick<Layout, 'queue' | 'seeds'> {
  kind: 'grow';
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  settingsAt: number;
  settings: Settings;
  numTrees: number;
  bootstrap: boolean;
  /** Whether leaves hold classes. The kernel may have grown them as the values 0 and 1. */
  isClassification: boolean;
}

/** Returns a function that grows the next tree of the queue at each call, and returns undefined when none is left. */
export function openQueue(job: GrowJob): NextTree {
  const { module, memory, settingsAt, settings, numTrees, bootstrap } = job;
  const kernel = instantiate(module, memory);
  const next = new Int32Array(memory.buffer, job.queue, 1);
  kernel.setUp(settingsAt);
  const joined = new LeafTableBuilder(!job.isClassification);
  return () => {
    const index = Atomics.add(next, 0, 1);
    if (index >= numTrees) return undefined;
    const numNodes = kernel.grow(job.seeds + index * SEED_BYTES, Number(bootstrap));
    const { buffer } = memory;
    const nodes = {
      numNodes,
      feature: copyRegion(Uint16Array, buffer, settings.nodeFeature, numNodes),
      cut: copyRegion(Uint8Array, buffer, settings.nodeCut, numNodes),
      next: copyRegion(Uint32Array, buffer, settings.nodeRight, numNodes),
    };
    if (settings.numClasses === 0) {
      const pairs = new Float64Array(buffer, settings.leafCount, numNodes + 1);
      const tree = { ...nodes, leaves: joinLeaves(nodes, pairs, joined, job.isClassification) };
      return { index, tree: settings.nodeFlags === 0 ? tree : { ...tree, ...readFlags(buffer, settings, numNodes) } };
    }
    const numRows = kernel.getNumLeafRows();
    const numEntries = kernel.getNumLeafEntries();
    const leaves = {
      start: copyRegion(Uint32Array, buffer, settings.leafStart, numRows + 1),
      classes: copyRegion(Uint16Array, buffer, settings.leafClass, numEntries),
      counts: copyRegion(Uint32Array, buffer, settings.leafCount, numEntries),
    };
    return { index, tree: { ...nodes, leaves } };
  };
}

function readFlags(buffer: ArrayBufferLike, settings: Settings, numNodes: number): Pick<Tree, 'flags' | 'sets'> {
  const flags = copyRegion(Uint8Array, buffer, settings.nodeFlags, numNodes);
  const numSets = flags.reduce((sum, flag) => sum + (flag & CATEGORICAL ? 1 : 0), 0);
  return {
    flags,
    ...(numSets > 0 && { sets: copyRegion(Uint8Array, buffer, settings.nodeSets, numSets * SET_BYTES) }),
  };
}

/**
 * Store each distinct leaf once: for regression the kernel lists the leaf of each node.
 *
 * @param pairs value and weight of each leaf, in the order of the nodes
 */
function joinLeaves(
  { numNodes, feature, next }: Pick<Tree, 'numNodes' | 'feature' | 'next'>,
  pairs: Float64Array,
  leaves: LeafTableBuilder,
  isClassification: boolean,
): LeafTable {
  const push = isClassification ? pushClasses : pushValue;
  let at = 0;
  for (let node = 0; node < numNodes; node++) {
    if (feature[node] !== LEAF) continue;
    push(leaves, pairs[at++], pairs[at++]);
    next[node] = leaves.endRow();
  }
  return leaves.take();
}

function pushValue(leaves: LeafTableBuilder, value: number, weight: number): void {
  leaves.push(LEAF_VALUE, value);
  leaves.push(LEAF_WEIGHT, weight);
}

/** The classes are 0 and 1, so the mean of a leaf is the share of class 1. */
function pushClasses(leaves: LeafTableBuilder, share: number, samples: number): void {
  const ones = Math.round(share * samples); // an integer but for rounding
  if (ones < samples) leaves.push(0, samples - ones);
  if (ones > 0) leaves.push(1, ones);
}

/** Copy an array out of the shared memory. */
function copyRegion<T extends Uint8Array | Uint16Array | Uint32Array>(
  type: new (source: T | number | ArrayBufferLike, at?: number, length?: number) => T,
  buffer: ArrayBufferLike,
  at: number,
  length: number,
): T {
  const copy = new type(length);
  copy.set(new type(buffer, at, length));
  return copy;
}
