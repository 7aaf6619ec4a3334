// Bytes of an open file, in large pieces.

import { closeSync, createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

const PIECE_BYTES = 1 << 20; // 64 KiB, the default, takes 16 times the trips through the thread pool

/** The bytes [start, end) of a file, which is closed at the end, on an error and when the reader stops early. */
export function readFileRange(fd: number, start: number, end: number): Readable {
  if (start < end) return createReadStream('', { fd, start, end: end - 1, highWaterMark: PIECE_BYTES });
  closeSync(fd); // createReadStream has no empty range
  return Readable.from([]);
}
