// The work of each thread: take the next block of rows from the queue and predict it, until none is left.

import { instantiate } from './kernel.ts';

export const BLOCK_ROWS = 4096; // 20 features take 80 kB, a tree of 10,000 nodes 120 kB: both stay in the cache

/** The work of one thread; sent as a message. */
export interface PredictJob {
  kind: 'predict';
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Address of the index of the next block, which the threads count up. */
  queue: number;
  settingsAt: number;
  numRows: number;
}

export function predictFromQueue({ module, memory, queue, settingsAt, numRows }: PredictJob): void {
  const kernel = instantiate(module, memory);
  const next = new Int32Array(memory.buffer, queue, 1);
  const takeStart = () => Atomics.add(next, 0, 1) * BLOCK_ROWS;
  for (let rowStart = takeStart(); rowStart < numRows; rowStart = takeStart()) {
    kernel.predictBlock(settingsAt, rowStart, Math.min(rowStart + BLOCK_ROWS, numRows));
  }
}
