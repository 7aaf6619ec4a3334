// Decompresses text files chunk by chunk, in bounded memory.

import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { InputError } from '../base/errors.ts';
import type { ByteSource } from './source.ts';

export type Compression = 'gzip' | 'zstd';

const READ_BYTES = 1024 ** 2;
/**
 * A block of zstd takes at least 4 bytes and holds at most 128 KiB, so this many bytes give at most 128 MiB at once.
 */
const ZSTD_BYTES = 4096;
/** Largest window, the output that a reader must keep; the default limit of the zstd command too. */
const MAX_WINDOW_BYTES = 128 * 1024 ** 2;
/** Text rarely compresses to less than a fiftieth; a decompression bomb to a thousandth, the limit of gzip. */
const MAX_RATIO = 200;
const FREE_BYTES = 64 * 1024 ** 2; // always allowed, whatever the ratio

/** Detect the compression from the first bytes of a file; null if it is not compressed. */
export function detectCompression(head: Uint8Array): Compression | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return null;
}

/**
 * Decompress to chunks of `chunkBytes` each but the last.
 *
 * @throws {InputError} on a file that is damaged or truncated, or that decompresses to more than 200 times its size
 */
export async function* unpack(
  source: ByteSource,
  compression: Compression,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  const maxBytes = Math.max(FREE_BYTES, MAX_RATIO * source.size);
  let output = new Uint8Array(chunkBytes);
  let length = 0;
  let total = 0;
  for await (const chunk of compression === 'gzip' ? gunzip(source) : unzstd(source)) {
    total += chunk.length;
    if (total > maxBytes) {
      throw new InputError(
        `${source.name} decompresses to more than ${MAX_RATIO} times its ${source.size} bytes, which is unusual for a table; decompress it first`,
      );
    }
    for (let at = 0; at < chunk.length; ) {
      const count = Math.min(chunk.length - at, chunkBytes - length);
      output.set(chunk.subarray(at, at + count), length);
      at += count;
      length += count;
      if (length === chunkBytes) {
        yield output;
        output = new Uint8Array(chunkBytes);
        length = 0;
      }
    }
  }
  if (length > 0) yield output.subarray(0, length);
}

/** Decompress the first bytes, at most `numBytes`. */
export async function unpackHead(source: ByteSource, compression: Compression, numBytes: number): Promise<Uint8Array> {
  for await (const chunk of unpack(source, compression, numBytes)) return chunk;
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
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
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
        `${source.name} takes ${readWindowBytes(bytes)} bytes of memory to decompress, at most ${MAX_WINDOW_BYTES} are allowed; compress it without --long`,
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

/** Window size of the first zstd frame. Source: RFC 8878, 3.1.1.1. */
function readWindowBytes(frame: Uint8Array): number {
  const flags = frame[4];
  const isSingleSegment = (flags & 32) !== 0;
  if (!isSingleSegment) {
    const base = 2 ** (10 + (frame[5] >> 3));
    return base + (base / 8) * (frame[5] & 7);
  }
  // the window is the whole output, whose size follows the dictionary ID
  const start = 5 + [0, 1, 2, 4][flags & 3];
  const size = frame.subarray(start, start + 2 ** (flags >> 6));
  return size.reduceRight((sum, byte) => 256 * sum + byte, 0) + (flags >> 6 === 1 ? 256 : 0);
}

function damaged({ name }: ByteSource, kind: string, cause: unknown): InputError {
  return new InputError(
    `${name} is not a valid ${kind} file, it may be damaged or truncated: ${cause instanceof Error ? cause.message : cause}`,
    { cause },
  );
}
