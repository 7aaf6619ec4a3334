// Compressed text files, unpacked piece by piece: a file of any size passes through bounded memory.

import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { InputError } from '../base/errors.ts';
import type { ByteSource } from './source.ts';

export type Compression = 'gzip' | 'zstd';

const READ_BYTES = 1024 ** 2;
/** Blocks of zstd take 4 bytes at least and hold 128 KiB at most: so many bytes give at most 128 MiB at once. */
const ZSTD_BYTES = 4096;
/** What a reader keeps of the text: the zstd command makes and takes no more without being told to. */
const MAX_WINDOW_BYTES = 128 * 1024 ** 2;
/** A text file is rarely packed to less than a fiftieth; a bomb to a thousandth, as far as gzip goes. */
const MAX_RATIO = 200;
const FREE_BYTES = 64 * 1024 ** 2; // before the ratio has a say

/** What the first bytes of a file say; null for one that is not compressed. */
export function detectCompression(head: Uint8Array): Compression | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return null;
}

/**
 * The text, as pieces of `pieceBytes` each but the last.
 *
 * @throws {InputError} on a damaged file, one cut short, or one that unpacks to more than 200 times its size
 */
export async function* unpack(
  source: ByteSource,
  compression: Compression,
  pieceBytes: number,
): AsyncGenerator<Uint8Array> {
  const most = Math.max(FREE_BYTES, MAX_RATIO * source.size);
  let piece = new Uint8Array(pieceBytes);
  let length = 0;
  let total = 0;
  for await (const chunk of compression === 'gzip' ? gunzip(source) : unzstd(source)) {
    total += chunk.length;
    if (total > most) {
      throw new InputError(
        `${source.name} unpacks to more than ${MAX_RATIO} times its ${source.size} bytes: no table does; unpack it yourself if it is one`,
      );
    }
    for (let at = 0; at < chunk.length; ) {
      const count = Math.min(chunk.length - at, pieceBytes - length);
      piece.set(chunk.subarray(at, at + count), length);
      at += count;
      length += count;
      if (length === pieceBytes) {
        yield piece;
        piece = new Uint8Array(pieceBytes);
        length = 0;
      }
    }
  }
  if (length > 0) yield piece.subarray(0, length);
}

/** The first bytes of the text, at most `numBytes`. */
export async function unpackHead(source: ByteSource, compression: Compression, numBytes: number): Promise<Uint8Array> {
  for await (const piece of unpack(source, compression, numBytes)) return piece;
  return new Uint8Array(0);
}

async function* readAll(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += READ_BYTES) {
    yield await source.read(at, Math.min(source.size, at + READ_BYTES));
  }
}

async function* gunzip(source: ByteSource): AsyncGenerator<Uint8Array> {
  const stream = createGunzip();
  let readError: unknown;
  const feed = async () => {
    try {
      for await (const bytes of readAll(source)) {
        if (stream.destroyed) return;
        if (!stream.write(bytes))
          await new Promise<void>((resume) => void stream.once('drain', resume).once('close', resume));
      }
      stream.end();
    } catch (error) {
      readError = error;
      stream.destroy(error as Error);
    }
  };
  const fed = feed();
  try {
    yield* stream;
  } catch (cause) {
    throw readError ?? damaged(source, 'gzip', cause);
  } finally {
    stream.destroy();
    await fed;
  }
}

async function* unzstd(source: ByteSource): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const stream = new Decompress((chunk) => void chunks.push(chunk));
  let numRead = 0;
  for await (const bytes of readAll(source)) {
    if (numRead === 0 && readWindowBytes(bytes) > MAX_WINDOW_BYTES) {
      throw new InputError(
        `${source.name} takes ${readWindowBytes(bytes)} bytes of memory to unpack, at most ${MAX_WINDOW_BYTES} are allowed; pack it without --long`,
      );
    }
    for (let at = 0; at < bytes.length; at += ZSTD_BYTES) {
      const some = bytes.subarray(at, at + ZSTD_BYTES);
      numRead += some.length;
      try {
        stream.push(some, numRead === source.size);
      } catch (cause) {
        throw damaged(source, 'zstd', cause);
      }
      yield* chunks.splice(0);
    }
  }
}

/** Bytes of text that the blocks of the first zstd frame may refer to. Source: RFC 8878, 3.1.1.1. */
function readWindowBytes(frame: Uint8Array): number {
  const flags = frame[4];
  const isSingleSegment = (flags & 32) !== 0;
  if (!isSingleSegment) {
    const base = 2 ** (10 + (frame[5] >> 3));
    return base + (base / 8) * (frame[5] & 7);
  }
  // the text as a whole, whose size follows the dictionary's id
  const start = 5 + [0, 1, 2, 4][flags & 3];
  const size = frame.subarray(start, start + 2 ** (flags >> 6));
  return size.reduceRight((sum, byte) => 256 * sum + byte, 0) + (flags >> 6 === 1 ? 256 : 0);
}

function damaged({ name }: ByteSource, kind: string, cause: unknown): InputError {
  return new InputError(`${name} is damaged or cut short, as a ${kind} file: ${(cause as Error).message}`, { cause });
}
