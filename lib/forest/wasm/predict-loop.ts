// What each thread does: take the next block of rows from the queue and predict it, until none is left.

import { instantiate } from './kernel.ts';

export const BLOCK_ROWS = 4096; // 20 features of these take 80 kB and a tree of 10,000 nodes 120: both stay in the cache

/** What one thread needs to know; goes through a message. */
export interface PredictJob {
  kind: 'predict';
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Address of the number of the next block, which the threads count up. */
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
