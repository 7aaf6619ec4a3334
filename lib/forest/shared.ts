// Arrays and tables in memory that threads share.

import type { TrainingTable } from './training-table.ts';

type Numbers = Uint8Array | Uint16Array | Float32Array | Float64Array;

/** The array itself when it is shared, else a copy that is. */
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

/** A number that threads count up: the queue of what is left to do. */
export function makeQueue(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** The next number of a queue, ≥ 0. */
export function takeNext(queue: Int32Array): number {
  return Atomics.add(queue, 0, 1);
}
