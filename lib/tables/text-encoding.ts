// Checks that text files are UTF-8.

import { isUtf8 } from 'node:buffer';
import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Position where the text begins: after a byte order mark, if there is one. */
export function findTextStart(head: Uint8Array): number {
  return BYTE_ORDER_MARK.every((byte, i) => head[i] === byte) ? BYTE_ORDER_MARK.length : 0;
}

/** @throws {InputError} on UTF-16 or UTF-32, which begin with a byte order mark or have zero bytes between letters */
export function checkEncoding(head: Uint8Array, file: string): void {
  const isMarked = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (isMarked || head.subarray(0, 1000).includes(0)) {
    throw new InputError(
      `${file} is not UTF-8 text: it has ${isMarked ? 'the byte order mark of UTF-16' : 'zero bytes'}; convert it, for example with iconv -t UTF-8`,
    );
  }
}

/**
 * Check that rows are UTF-8.
 *
 * @param showRowAt the row of a byte, for the error
 * @throws {InputError} with the first row that is not UTF-8
 */
export function checkUtf8(bytes: Uint8Array, file: string, showRowAt: (byte: number) => string): void {
  if (isUtf8(bytes)) return;
  const at = firstBadByte(bytes);
  const found = [...bytes.subarray(at, at + 3)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const around = new TextDecoder('latin1')
    .decode(bytes.subarray(Math.max(0, at - 20), at + 20))
    .replace(/[\r\n]+/g, ' ');
  throw new InputError(
    `${showRowAt(at)} is not UTF-8: bytes ${found}, in Latin-1 ${quote(around)}; convert ${file}, for example with iconv -f LATIN1 -t UTF-8`,
  );
}

function firstBadByte(bytes: Uint8Array): number {
  // the longest prefix that is UTF-8, or would be if more bytes followed
  let low = 0;
  let high = bytes.length;
  const isGood = (end: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isGood(middle)) low = middle;
    else high = middle;
  }
  // it may end within a letter
  let at = low;
  while (!isUtf8(bytes.subarray(0, at))) at--;
  return at;
}
