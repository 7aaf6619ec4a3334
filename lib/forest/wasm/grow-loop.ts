// What each thread does: take the next tree from the queue, grow it in its own part of the memory, until none is left.

import type { Tree } from '../tree.ts';
import { instantiate } from './kernel.ts';
import { type Layout, SEED_BYTES, type Settings } from './layout.ts';

/** What one thread needs to know; goes through a message. */
export interface GrowJob extends Pick<Layout, 'queue' | 'seeds'> {
  kind: 'grow';
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  settingsAt: number;
  settings: Settings;
  numTrees: number;
  bootstrap: boolean;
}

/** A tree and its place among those asked for. */
export interface GrownTree {
  index: number;
  tree: Tree;
}

/** The next tree of the queue, at each call; undefined when none is left. */
export function openQueue(job: GrowJob): () => GrownTree | undefined {
  const { module, memory, settingsAt, settings, numTrees, bootstrap } = job;
  const kernel = instantiate(module, memory);
  const next = new Int32Array(memory.buffer, job.queue, 1);
  kernel.setUp(settingsAt);
  return () => {
    const index = Atomics.add(next, 0, 1);
    if (index >= numTrees) return undefined;
    const numNodes = kernel.grow(job.seeds + index * SEED_BYTES, Number(bootstrap));
    const numRows = kernel.getNumLeafRows();
    const numEntries = kernel.getNumLeafEntries();
    const { buffer } = memory;
    const tree: Tree = {
      numNodes,
      feature: copyOf(Uint16Array, buffer, settings.nodeFeature, numNodes),
      cut: copyOf(Uint8Array, buffer, settings.nodeCut, numNodes),
      next: copyOf(Uint32Array, buffer, settings.nodeNext, numNodes),
      leaves: {
        start: copyOf(Uint32Array, buffer, settings.leafStart, numRows + 1),
        classes: copyOf(Uint16Array, buffer, settings.leafClass, numEntries),
        counts: copyOf(Uint32Array, buffer, settings.leafCount, numEntries),
      },
    };
    return { index, tree };
  };
}

/** A copy outside of the shared memory. */
function copyOf<T extends Uint8Array | Uint16Array | Uint32Array>(
  type: new (source: T | number | ArrayBufferLike, at?: number, length?: number) => T,
  buffer: ArrayBufferLike,
  at: number,
  length: number,
): T {
  const copy = new type(length);
  copy.set(new type(buffer, at, length));
  return copy;
}
