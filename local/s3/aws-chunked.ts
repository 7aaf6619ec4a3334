// The framing `aws-chunked`, in which SDKs send a body whose checksum or signature is known only at its end:
//
//   <size in hex>[;chunk-signature=…]\r\n<bytes>\r\n … 0[;chunk-signature=…]\r\n[<name>:<value>\r\n …]\r\n
//
// Source: "Signature calculations … transferring payload in multiple chunks", Amazon S3 API reference.

import { S3Error } from './s3-error.ts';

const MAX_TRAILERS = 32; // SDKs send one or two
const MAX_LINE_BYTES = 4096; // a size with a signature takes about 100, a trailer about 150

/**
 * The bytes inside the frames. Signatures are not checked.
 *
 * @param trailers receives the trailing headers, names in lower case, once the last byte was given
 * @throws {S3Error} IncompleteBody when the framing is broken or ends early
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let state: 'size' | 'data' | 'dataEnd' | 'trailers' | 'done' = 'size';
  let line = '';
  let remaining = 0; // bytes of the current frame still to come
  for await (const bytes of source) {
    let start = 0;
    while (start < bytes.length && state !== 'done') {
      if (state === 'data') {
        const end = Math.min(bytes.length, start + remaining);
        yield bytes.subarray(start, end);
        remaining -= end - start;
        start = end;
        if (remaining === 0) state = 'dataEnd';
        continue;
      }
      const newline = bytes.indexOf(10, start);
      const end = newline === -1 ? bytes.length : newline + 1;
      line += bytes.toString('latin1', start, end);
      start = end;
      if (line.length > MAX_LINE_BYTES) throw broken(`a line of more than ${MAX_LINE_BYTES} bytes`);
      if (newline === -1) continue;
      const text = line.trim();
      line = '';
      if (state === 'size') {
        remaining = parseSize(text);
        state = remaining === 0 ? 'trailers' : 'data';
      } else if (state === 'dataEnd') {
        if (text !== '') throw broken(`${JSON.stringify(text)} after a chunk, expected the end of a line`);
        state = 'size';
      } else if (text === '') {
        state = 'done';
      } else {
        const colon = text.indexOf(':');
        if (colon < 1 || trailers.size === MAX_TRAILERS) throw broken(`trailer ${JSON.stringify(text.slice(0, 40))}`);
        trailers.set(text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim());
      }
    }
  }
  // some clients leave out the empty line at the end
  if (state !== 'done' && state !== 'trailers') throw broken('it ended before the chunk of size 0');
}

function parseSize(line: string): number {
  const size = /^([0-9a-f]{1,12})(;.*)?$/i.exec(line)?.[1];
  if (size === undefined)
    throw broken(`chunk size ${JSON.stringify(line.slice(0, 40))}, expected a hexadecimal number`);
  return Number.parseInt(size, 16);
}

const broken = (what: string) => new S3Error('IncompleteBody', `the aws-chunked body is broken: ${what}`);
