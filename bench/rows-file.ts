// Rows as files of raw arrays, for peers in other languages: columns one after the other, then the labels.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One array per feature, and the class of each row. */
export interface Rows {
  columns: Float32Array[];
  labels: Uint16Array;
}

/** Write train and test rows of a folder, and the shape.json that peers read first. */
export function writeRows(folder: string, train: Rows, test: Rows, numClasses: number): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'shape.json'), JSON.stringify({ numFeatures: train.columns.length, numClasses }));
  for (const [part, { columns, labels }] of Object.entries({ train, test })) {
    writeFileSync(join(folder, `${part}.f32`), Buffer.concat(columns.map(toBytes)));
    writeFileSync(join(folder, `${part}.u16`), toBytes(labels));
  }
}

/** Read one part of a folder. */
export function readRows(folder: string, part: string): Rows {
  const labels = new Uint16Array(toBuffer(join(folder, `${part}.u16`)));
  const values = new Float32Array(toBuffer(join(folder, `${part}.f32`)));
  const numRows = labels.length;
  const numFeatures = values.length / numRows;
  const columns = Array.from({ length: numFeatures }, (_, j) => values.slice(j * numRows, (j + 1) * numRows));
  return { columns, labels };
}

function toBytes({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function toBuffer(path: string): ArrayBuffer {
  return Uint8Array.from(readFileSync(path)).buffer;
}
