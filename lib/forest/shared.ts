// Arrays and tables in memory that threads share.

import type { TrainingTable } from './training-table.ts';

type Numbers = Uint8Array | Uint16Array | Float32Array | Float64Array;

/** The array itself if its memory is shared, else a copy in shared memory. */
export function toShared<T extends Numbers>(array: T): T {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const type = array.constructor as new (buffer: SharedArrayBuffer) => T;
  const shared = new type(new SharedArrayBuffer(array.byteLength));
  shared.set(array);
  return shared;
}

export function toSharedTable(table: TrainingTable): TrainingTable {
  const { target, weights } = table;
  return {
    ...table,
    columns: table.columns.map(toShared),
    edges: table.edges.map(toShared),
    target: target.labels
      ? { ...target, labels: toShared(target.labels) }
      : { ...target, values: toShared(target.values) },
    ...(weights && { weights: toShared(weights) }),
  };
}

/** Create a queue: a number that the threads count up. */
export function makeQueue(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Take the next number of a queue, ≥ 0. */
export function takeNext(queue: Int32Array): number {
  return Atomics.add(queue, 0, 1);
}
