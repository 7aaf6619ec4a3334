// Put, get, head, copy and delete.

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { ownEncoding, receiveBody, receiveText } from './body.ts';
import { parseRange } from './byte-range.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, checksumElement, checksumHeader } from './checksums.ts';
import { checkCopySource, checkRead, checkWrite, writeCondition } from './conditions.ts';
import { readFileRange } from './file-stream.ts';
import type { ObjectInfo, ObjectWriter, StoredChecksum } from './object-file.ts';
import { findObject, openObject } from './object-store.ts';
import { checkKeyLength, decode, headerValue, type S3Reply, type S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket } from './uploads.ts';
import { parseXml, toXml, type XmlFields } from './xml.ts';

const KEPT_HEADERS = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'];
const MAX_METADATA_BYTES = 2048; // of all x-amz-meta-* names and values; S3's own limit
const MAX_DELETED_KEYS = 1000; // S3's own limit

/** Headers of a request that are stored and returned with the object. */
export function objectHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of KEPT_HEADERS) if (headers[name] !== undefined) kept[name] = String(headers[name]);
  const encoding = ownEncoding(headers);
  if (encoding) kept['content-encoding'] = encoding;
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('x-amz-meta-')) continue;
    kept[name] = String(value);
    metadataBytes += name.length - 'x-amz-meta-'.length + kept[name].length;
  }
  if (metadataBytes > MAX_METADATA_BYTES)
    throw new S3Error('MetadataTooLarge', `${metadataBytes} bytes of metadata, at most ${MAX_METADATA_BYTES}`);
  return kept;
}

export const checksumHeaders = (checksum: StoredChecksum | undefined): OutgoingHttpHeaders =>
  checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {};

export const checksumFields = (checksum: StoredChecksum | undefined): XmlFields =>
  checksum ? { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type } : {};

/** The checksum algorithm that a request names. */
export function requestedAlgorithm(headers: IncomingHttpHeaders): ChecksumAlgorithm | undefined {
  const name = headers['x-amz-checksum-algorithm'];
  if (name === undefined) return undefined;
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => known === String(name).toUpperCase());
  if (!algorithm)
    throw new S3Error('InvalidRequest', `checksum algorithm ${name}, expected ${CHECKSUM_ALGORITHMS.join(', ')}`);
  return algorithm;
}

/** Use a writer, and remove its file unless it was moved to its final path. */
export async function withWriter<T>(writer: ObjectWriter, use: (writer: ObjectWriter) => Promise<T>): Promise<T> {
  try {
    return await use(writer);
  } finally {
    await writer.discard();
  }
}

/**
 * [PutObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html).
 * If-None-Match: * and If-Match are decided when the whole body has arrived.
 */
export async function putObject({ store, bucket: name, key, headers, body }: S3Request): Promise<S3Reply> {
  const bucket = store.bucket(name);
  const condition = writeCondition(headers);
  const kept = objectHeaders(headers);
  checkWrite(condition, bucket.objects.get(key)); // saves writing a body that cannot win; commit decides
  return withWriter(store.newWriter(), async (writer) => {
    const { size, md5, checksum } = await receiveBody(headers, body, (bytes) => writer.append(bytes));
    const info: ObjectInfo = { key, size, etag: md5, modifiedMs: Date.now(), headers: kept, checksum };
    await writer.finish(info);
    store.commit(bucket, writer, info, condition);
    return { headers: { etag: `"${md5}"`, ...checksumHeaders(checksum) } };
  });
}

/** [GetObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). */
export function getObject(request: S3Request): S3Reply {
  const { store, bucket: name, key, headers } = request;
  const bucket = store.bucket(name);
  const info = findObject(bucket, key);
  checkRead(headers, info);
  const range = parseRange(headers.range, info.size);
  const { start, end } = range ?? { start: 0, end: info.size };
  const reply = describe(request, info, range);
  // opened in the same step as the index was read: the bytes belong to these headers whatever happens next
  return { ...reply, file: { fd: openObject(bucket, key), start, end } };
}

/** [HeadObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html). */
export function headObject(request: S3Request): S3Reply {
  const info = findObject(request.store.bucket(request.bucket), request.key);
  checkRead(request.headers, info);
  return describe(request, info, parseRange(request.headers.range, info.size));
}

/** Status and headers of a get or a head. */
function describe({ headers, query }: S3Request, info: ObjectInfo, range?: { start: number; end: number }): S3Reply {
  const { start, end } = range ?? { start: 0, end: info.size };
  const reply: OutgoingHttpHeaders = {
    ...info.headers,
    'accept-ranges': 'bytes',
    'content-length': end - start,
    etag: `"${info.etag}"`,
    'last-modified': new Date(info.modifiedMs).toUTCString(),
  };
  for (const name of [...KEPT_HEADERS, 'content-encoding']) {
    const override = query.get(`response-${name}`);
    if (override !== undefined) reply[name] = headerValue(name, override);
  }
  if (range) {
    reply['content-range'] = `bytes ${start}-${end - 1}/${info.size}`;
  } else if (headers['x-amz-checksum-mode'] === 'ENABLED') {
    Object.assign(reply, checksumHeaders(info.checksum)); // of the whole object, so it says nothing about a range
  }
  return { status: range ? 206 : 200, headers: reply };
}

/** The object that x-amz-copy-source names. */
export function findCopySource({ store, headers }: S3Request): { bucket: Bucket; info: ObjectInfo } {
  const source = String(headers['x-amz-copy-source']);
  const [, bucketName, encodedKey, version] = /^\/?([^/]+)\/([^?]+)(\?.*)?$/.exec(source) ?? [];
  if (!bucketName || !encodedKey)
    throw new S3Error('InvalidArgument', `x-amz-copy-source must be bucket/key, percent-encoded, got ${source}`);
  if (version) throw new S3Error('NotImplemented', `x-amz-copy-source with ${version}: there are no versions`);
  const bucket = store.bucket(bucketName);
  const info = findObject(bucket, decode(encodedKey));
  checkCopySource(headers, info);
  return { bucket, info };
}

/**
 * [CopyObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
 * Within one request the source stays the object that it was at the start.
 */
export async function copyObject(request: S3Request): Promise<S3Reply> {
  const { store, bucket: name, key, headers } = request;
  const bucket = store.bucket(name);
  const condition = writeCondition(headers);
  const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE')
    throw new S3Error('InvalidArgument', `x-amz-metadata-directive must be COPY or REPLACE, got ${directive}`);
  const requested = requestedAlgorithm(headers);
  const replaced = objectHeaders(headers);
  const { bucket: from, info: source } = findCopySource(request);
  if (from === bucket && source.key === key && directive === 'COPY' && !requested)
    throw new S3Error('InvalidRequest', `${key} would be copied to itself with nothing changed`);
  const fd = openObject(from, source.key);
  return withWriter(store.newWriter(), async (writer) => {
    const length = { 'content-length': String(source.size) };
    const bytes = readFileRange(fd, 0, source.size);
    const { size, md5, checksum } = await receiveBody(
      length,
      bytes,
      (piece) => writer.append(piece),
      requested ?? source.checksum?.algorithm,
    );
    const kept = directive === 'COPY' ? source.headers : replaced;
    const info: ObjectInfo = { key, size, etag: md5, modifiedMs: Date.now(), headers: kept, checksum };
    await writer.finish(info);
    store.commit(bucket, writer, info, condition);
    return { xml: toXml('CopyObjectResult', copyResult(info)) };
  });
}

export const copyResult = ({ etag, modifiedMs, checksum }: ObjectInfo): XmlFields => ({
  LastModified: new Date(modifiedMs).toISOString(),
  ETag: `"${etag}"`,
  ...checksumFields(checksum),
});

/** [DeleteObject](https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html). */
export function deleteObject({ store, bucket, key, headers }: S3Request): S3Reply {
  store.remove(store.bucket(bucket), key, writeCondition(headers));
  return { status: 204 };
}

/**
 * [GetObjectTagging](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html).
 * No object has tags: requests that bring some are rejected. Version 2 of the aws CLI calls this before it copies a large object.
 */
export function getObjectTagging({ store, bucket, key }: S3Request): S3Reply {
  findObject(store.bucket(bucket), key);
  return { xml: toXml('Tagging', { TagSet: {} }) };
}

interface DeleteRequest {
  Object: { Key?: unknown; VersionId?: unknown; ETag?: unknown }[];
  Quiet: unknown;
}

/**
 * [DeleteObjects](https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
 * Keys that fail are listed in the response; the others are deleted.
 */
export async function deleteObjects({ store, bucket: name, headers, body }: S3Request): Promise<S3Reply> {
  const bucket = store.bucket(name);
  const { Object: objects = [], Quiet } = parseXml<DeleteRequest>(await receiveText(headers, body), 'Delete');
  if (objects.length === 0 || objects.length > MAX_DELETED_KEYS)
    throw new S3Error('MalformedXML', `1 to ${MAX_DELETED_KEYS} keys in one request, got ${objects.length}`);
  const Deleted: XmlFields[] = [];
  const failures: XmlFields[] = [];
  for (const { Key, VersionId, ETag } of objects) {
    if (typeof Key !== 'string' || Key === '') throw new S3Error('MalformedXML', 'an Object needs one Key');
    if (ETag !== undefined && typeof ETag !== 'string') throw new S3Error('MalformedXML', 'an ETag must be text');
    try {
      checkKeyLength(Key);
      if (VersionId !== undefined) throw new S3Error('NotImplemented', `version ${VersionId}: there are no versions`);
      store.remove(bucket, Key, { ifMatch: ETag });
      Deleted.push({ Key });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      failures.push({ Key, Code: error.code, Message: error.message });
    }
  }
  return { xml: toXml('DeleteResult', { Deleted: Quiet === 'true' ? [] : Deleted, Error: failures }) };
}
