// Preconditions: If-Match and its relatives, on writes, reads and the source of a copy.

import type { IncomingHttpHeaders } from 'node:http';
import type { ObjectInfo } from './object-file.ts';
import { S3Error } from './s3-error.ts';

/** Conditions on the object that a write replaces or removes. */
export interface WriteCondition {
  ifMatch?: string;
  ifNoneMatch?: string;
}

export function writeCondition(headers: IncomingHttpHeaders): WriteCondition {
  const condition = { ifMatch: headers['if-match'], ifNoneMatch: headers['if-none-match'] };
  if (condition.ifNoneMatch !== undefined && condition.ifNoneMatch !== '*')
    throw new S3Error('NotImplemented', `If-None-Match on a write must be *, got ${condition.ifNoneMatch}`);
  return condition;
}

/**
 * @param current the object under the key now
 * @throws {S3Error} PreconditionFailed, or NoSuchKey when If-Match finds nothing
 */
export function checkWrite({ ifMatch, ifNoneMatch }: WriteCondition, current: ObjectInfo | undefined): void {
  if (ifNoneMatch !== undefined && current) throw failed('If-None-Match: the key is taken');
  if (ifMatch === undefined) return;
  if (!current) throw new S3Error('NoSuchKey', `If-Match ${ifMatch}: no object under this key`);
  if (!hasTag(ifMatch, current.etag)) throw failed(`If-Match ${ifMatch}: the object's ETag is "${current.etag}"`);
}

/**
 * In the order of RFC 9110, section 13.2.2.
 *
 * @throws {S3Error} PreconditionFailed or NotModified
 */
export function checkRead(headers: IncomingHttpHeaders, { etag, modifiedMs }: ObjectInfo): void {
  const modified = Math.floor(modifiedMs / 1000) * 1000; // headers carry whole seconds
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined) {
    if (!hasTag(ifMatch, etag)) throw failed(`If-Match ${ifMatch}: the object's ETag is "${etag}"`);
  } else if (modified > dateOf(headers['if-unmodified-since'])) {
    throw failed('If-Unmodified-Since: the object was modified since');
  }
  const isUnchanged =
    ifNoneMatch !== undefined ? hasTag(ifNoneMatch, etag) : modified <= dateOf(headers['if-modified-since']);
  if (isUnchanged) {
    const validators = { etag: `"${etag}"`, 'last-modified': new Date(modifiedMs).toUTCString() };
    throw new S3Error('NotModified', 'the client already has this object', validators);
  }
}

/** The same for x-amz-copy-source-if-*, where S3 answers 412 in both cases. */
export function checkCopySource(headers: IncomingHttpHeaders, source: ObjectInfo): void {
  const conditions: IncomingHttpHeaders = {};
  for (const name of ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'])
    conditions[name] = headers[`x-amz-copy-source-${name}`];
  try {
    checkRead(conditions, source);
  } catch {
    throw failed('the source of the copy does not meet x-amz-copy-source-if-*');
  }
}

const failed = (which: string) =>
  new S3Error('PreconditionFailed', `at least one of the preconditions did not hold: ${which}`);

const hasTag = (header: string, etag: string) =>
  header.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^(W\/)?"|"$/g, '')));

// a date that is missing or cannot be read compares as false
const dateOf = (header: string | string[] | undefined) => Date.parse(String(header));
