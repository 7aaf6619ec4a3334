// Decompresses LZ4 frames as in Arrow files, whose blocks may refer to earlier ones.
// Source: "LZ4 Frame format" 1.6 and "LZ4 Block format", github.com/lz4/lz4/tree/dev/doc.

import { FormatError } from '../base/errors.ts';

const MAGIC = 0x184d2204;
const FLAG = { dictionary: 1, contentChecksum: 4, contentSize: 8, blockChecksum: 16 };
const STORED = 0x80000000;
const MIN_MATCH = 4;

/**
 * Decompress a frame.
 *
 * @param numBytes decompressed size, which the Arrow file states
 * @throws {FormatError} on a damaged frame
 */
export function decompressLz4Frame(bytes: Uint8Array, numBytes: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC) throw new FormatError('not an LZ4 frame');
  const flags = bytes[4];
  let at = 7 + (flags & FLAG.contentSize ? 8 : 0) + (flags & FLAG.dictionary ? 4 : 0);
  const out = new Uint8Array(numBytes);
  let length = 0;
  while (at + 4 <= bytes.length) {
    const size = view.getUint32(at, true);
    at += 4;
    if (size === 0) break;
    const end = at + (size & ~STORED);
    if (end > bytes.length) throw new FormatError('LZ4 frame is truncated');
    const block = bytes.subarray(at, end);
    if (size >= STORED) {
      if (length + block.length > numBytes) throw new FormatError('LZ4 frame is longer than expected');
      out.set(block, length);
      length += block.length;
    } else length = decompressBlock(block, out, length);
    at = end + (flags & FLAG.blockChecksum ? 4 : 0);
  }
  if (length !== numBytes) throw new FormatError(`LZ4 frame has ${length} bytes, expected ${numBytes}`);
  return out;
}

/** @returns length of the output after this block */
function decompressBlock(block: Uint8Array, out: Uint8Array, start: number): number {
  const damaged = () => new FormatError('LZ4 block is damaged');
  let length = start;
  let at = 0;
  const readLength = (nibble: number): number => {
    let count = nibble;
    if (nibble === 15) {
      let more: number;
      do {
        if (at >= block.length) throw damaged();
        more = block[at++];
        count += more;
      } while (more === 255);
    }
    return count;
  };
  while (at < block.length) {
    const token = block[at++];
    const numLiterals = readLength(token >> 4);
    if (at + numLiterals > block.length || length + numLiterals > out.length) throw damaged();
    out.set(block.subarray(at, at + numLiterals), length);
    at += numLiterals;
    length += numLiterals;
    if (at === block.length) break; // the last sequence has literals only
    if (at + 2 > block.length) throw damaged();
    const offset = block[at] | (block[at + 1] << 8);
    at += 2;
    const matchLength = readLength(token & 15) + MIN_MATCH;
    if (offset === 0 || offset > length || length + matchLength > out.length) throw damaged();
    // byte by byte, because a match may overlap its own output
    for (const end = length + matchLength; length < end; length++) out[length] = out[length - offset];
  }
  return length;
}
