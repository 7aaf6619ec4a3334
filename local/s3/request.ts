// The arguments and the result of an operation.

import { type IncomingHttpHeaders, type OutgoingHttpHeaders, validateHeaderName, validateHeaderValue } from 'node:http';
import { isDirectoryBucket } from '../../lib/aws/s3-send.ts';
import { nameBelowLocalhost } from '../http/request-origin.ts';
import type { ObjectStore } from './object-store.ts';
import { S3Error } from './s3-error.ts';

export interface S3Request {
  store: ObjectStore;
  bucket: string;
  key: string;
  query: Map<string, string>;
  headers: IncomingHttpHeaders;
  body: AsyncIterable<Buffer>;
}

export interface S3Reply {
  status?: number; // 200 when left out
  headers?: OutgoingHttpHeaders;
  xml?: string;
  /** An open file, of which [start, end) is sent; it is closed afterwards. */
  file?: { fd: number; start: number; end: number };
}

const MAX_KEY_BYTES = 1024; // S3's own limit

/**
 * Bucket, key and query of a URL, and the headers with those that a presigned URL carries in its query. The bucket is
 * the first part of the path, or the part of the host before `.localhost`.
 *
 * @param url as it came over the wire: still encoded, beginning with a slash
 */
export function parseRequest(url: string, headers: IncomingHttpHeaders): Omit<S3Request, 'store' | 'body'> {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = new Map(mark === -1 ? [] : new URLSearchParams(url.slice(mark + 1)));
  const ownBucket = nameBelowLocalhost(headers.host);
  const slash = ownBucket === undefined ? path.indexOf('/', 1) : 0;
  const bucket = ownBucket ?? decode(path.slice(1, slash === -1 ? undefined : slash));
  const rest = slash === -1 ? '' : decode(path.slice(slash + 1));
  // the SDK writes /BUCKET//KEY where a directory bucket has no own host
  const key = isDirectoryBucket(bucket) ? rest.replace(/^\//, '') : rest;
  checkKeyLength(key);
  const merged = { ...headers };
  for (const [name, value] of query) {
    if (!/^x-amz-/i.test(name)) continue;
    query.delete(name);
    // S3 ignores checksums here: the JavaScript presigner puts that of an empty body in the URL
    if (!/checksum-(crc|sha)/i.test(name)) merged[name.toLowerCase()] ??= headerValue(name, value);
  }
  return { bucket, key, query, headers: merged };
}

/**
 * A value of the query that stands for a header, or becomes one of the answer.
 *
 * @throws {S3Error} InvalidArgument when a header cannot hold it
 */
export function headerValue(name: string, value: string): string {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new S3Error('InvalidArgument', `a header cannot hold ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  }
  return value;
}

export function checkKeyLength(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError', `key of ${bytes} bytes, at most ${MAX_KEY_BYTES}`);
}

/** @throws {S3Error} InvalidURI */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', `${JSON.stringify(text)} is not percent-encoded UTF-8`);
  }
}

/**
 * Read an integer from the query.
 *
 * @param max larger values count as this
 * @throws {S3Error} InvalidArgument
 */
export function queryNumber({ query }: S3Request, name: string, fallback: number, max: number): number {
  const text = query.get(name);
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,15}$/.test(text)) throw new S3Error('InvalidArgument', `${name} must be an integer ≥ 0, got ${text}`);
  return Math.min(Number(text), max);
}

/** How keys are written in a listing: percent-encoded when the client requests it, as XML cannot hold every character. */
export function keyEncoding({ query }: S3Request): (key: string) => string {
  const encoding = query.get('encoding-type');
  if (encoding === undefined) return (key) => key;
  if (encoding !== 'url') throw new S3Error('InvalidArgument', `encoding-type must be url, got ${encoding}`);
  return (key) => encodeURIComponent(key).replaceAll('%2F', '/');
}
