// The Range header.

import { S3Error } from './s3-error.ts';

export interface ByteRange {
  start: number;
  end: number; // exclusive
}

/**
 * @param header `bytes=a-b`, `bytes=a-` or `bytes=-n`; any other form counts as none, as S3 has it
 * @param size bytes of the object
 * @returns undefined for the whole object
 * @throws {S3Error} InvalidRange when no byte lies in the range
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= end)
    throw new S3Error('InvalidRange', `${header} of ${size} bytes`, { 'content-range': `bytes */${size}` });
  return { start, end };
}
