// Multipart uploads: parts are files of their own until the upload is completed into one object.

import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isInteger } from '../../lib/base/check.ts';
import { nameBelowLocalhost } from '../http/request-origin.ts';
import { receiveBody, receiveText } from './body.ts';
import { parseRange } from './byte-range.ts';
import {
  type ChecksumAlgorithm,
  checksumElement,
  checksumHeader,
  compositeChecksum,
  startChecksum,
} from './checksums.ts';
import { checkWrite, writeCondition } from './conditions.ts';
import { readFileRange } from './file-stream.ts';
import type { ObjectInfo, StoredChecksum } from './object-file.ts';
import {
  checksumFields,
  checksumHeaders,
  copyResult,
  findCopySource,
  objectHeaders,
  requestedAlgorithm,
  withWriter,
} from './object-operations.ts';
import { openObject } from './object-store.ts';
import type { S3Reply, S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { addPart, addUpload, type Bucket, findUpload, openPart, removeUpload, type Upload } from './uploads.ts';
import { parseXml, toXml } from './xml.ts';

// S3's own limits
export const MAX_PART_NUMBER = 10_000;
const MIN_PART_BYTES = 5 << 20; // the last part may be smaller

/** [CreateMultipartUpload](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html). */
export async function createMultipartUpload({ store, bucket: name, key, headers }: S3Request): Promise<S3Reply> {
  const bucket = store.bucket(name);
  const checksum = checksumOfUpload(headers);
  const info = { key, size: 0, etag: '', modifiedMs: Date.now(), headers: objectHeaders(headers), checksum };
  const id = randomUUID();
  return withWriter(store.newWriter(), async (writer) => {
    await writer.finish(info);
    addUpload(bucket, id, info, writer);
    return {
      headers: checksum && { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type },
      xml: toXml('InitiateMultipartUploadResult', { Bucket: name, Key: key, UploadId: id }),
    };
  });
}

// which types S3 has for each algorithm, its default first
const CHECKSUM_TYPES: Record<ChecksumAlgorithm, StoredChecksum['type'][]> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
};

/** Algorithm and type of the future object's checksum; its value is not known yet. */
function checksumOfUpload(headers: IncomingHttpHeaders): StoredChecksum | undefined {
  const algorithm = requestedAlgorithm(headers);
  if (!algorithm) return undefined;
  const wanted = headers['x-amz-checksum-type'] ?? CHECKSUM_TYPES[algorithm][0];
  const type = CHECKSUM_TYPES[algorithm].find((known) => known === wanted);
  if (!type)
    throw new S3Error(
      'InvalidRequest',
      `x-amz-checksum-type for ${algorithm} must be ${CHECKSUM_TYPES[algorithm].join(' or ')}, got ${wanted}`,
    );
  return { algorithm, value: '', type };
}

/** [UploadPart](https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html). */
export async function uploadPart(request: S3Request): Promise<S3Reply> {
  const { headers, body } = request;
  const part = await storePart(request, findTarget(request), headers, body);
  return { headers: { etag: `"${part.etag}"`, ...checksumHeaders(part.checksum) } };
}

/** [UploadPartCopy](https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html). */
export async function uploadPartCopy(request: S3Request): Promise<S3Reply> {
  const target = findTarget(request);
  const { bucket, info } = findCopySource(request);
  const header = request.headers['x-amz-copy-source-range'];
  const { start, end } = parseRange(header as string | undefined, info.size) ?? { start: 0, end: info.size };
  // unlike a get, S3 does not shorten the range of a copy
  if (header !== undefined && header !== `bytes=${start}-${end - 1}`)
    throw new S3Error('InvalidArgument', `x-amz-copy-source-range must lie in ${info.size} bytes, got ${header}`);
  const bytes = readFileRange(openObject(bucket, info.key), start, end);
  const part = await storePart(request, target, { 'content-length': String(end - start) }, bytes);
  return { xml: toXml('CopyPartResult', copyResult(part)) };
}

interface PartTarget {
  bucket: Bucket;
  uploadId: string;
  number: number;
  /** Algorithm of the checksums of this upload's parts. */
  algorithm?: ChecksumAlgorithm;
}

function findTarget({ store, bucket: name, key, query }: S3Request): PartTarget {
  const bucket = store.bucket(name);
  const uploadId = query.get('uploadId')!;
  const { info } = findUpload(bucket, uploadId, key);
  const number = Number(query.get('partNumber'));
  if (!isInteger(number, 1, MAX_PART_NUMBER))
    throw new S3Error('InvalidArgument', `partNumber must be 1 to ${MAX_PART_NUMBER}, got ${query.get('partNumber')}`);
  return { bucket, uploadId, number, algorithm: info.checksum?.algorithm };
}

async function storePart(
  { store, key }: S3Request,
  { bucket, uploadId, number, algorithm }: PartTarget,
  headers: IncomingHttpHeaders,
  body: AsyncIterable<Buffer>,
): Promise<ObjectInfo> {
  return withWriter(store.newWriter(), async (writer) => {
    const { size, md5, checksum } = await receiveBody(headers, body, (bytes) => writer.append(bytes), algorithm);
    if (algorithm && checksum?.algorithm !== algorithm)
      throw new S3Error('InvalidRequest', `the upload has ${algorithm} checksums, the part has ${checksum?.algorithm}`);
    const info: ObjectInfo = { key, size, etag: md5, modifiedMs: Date.now(), headers: {}, checksum };
    await writer.finish(info);
    addPart(findUpload(bucket, uploadId, key), number, info, writer); // it may have been aborted meanwhile
    return info;
  });
}

interface CompleteRequest {
  Part: { PartNumber?: unknown; ETag?: unknown; [checksum: string]: unknown }[];
}

/**
 * [CompleteMultipartUpload](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
 * If-None-Match: * and If-Match apply as in PutObject.
 */
export async function completeMultipartUpload(request: S3Request): Promise<S3Reply> {
  const { store, bucket: name, key, query, headers, body } = request;
  const bucket = store.bucket(name);
  const condition = writeCondition(headers);
  const upload = findUpload(bucket, query.get('uploadId')!, key);
  // a checksum among the headers is that of the object, not of this body
  const text = await receiveText({ 'content-length': headers['content-length'] }, body);
  const parts = chosenParts(upload, parseXml<CompleteRequest>(text, 'CompleteMultipartUpload').Part ?? []);
  checkWrite(condition, bucket.objects.get(key));
  return withWriter(store.newWriter(), async (writer) => {
    const full =
      upload.info.checksum?.type === 'FULL_OBJECT' ? startChecksum(upload.info.checksum.algorithm) : undefined;
    let size = 0;
    for (const [number, part] of parts) {
      findUpload(bucket, upload.id, key); // it may have been aborted, or completed by another request
      if (upload.parts.get(number) !== part) throw new S3Error('InvalidPart', `part ${number} was uploaded again`);
      for await (const bytes of readFileRange(openPart(upload, number), 0, part.size)) {
        full?.update(bytes);
        await writer.append(bytes);
      }
      size += part.size;
    }
    const infos = [...parts.values()];
    const md5 = createHash('md5');
    for (const { etag } of infos) md5.update(etag, 'hex');
    const etag = `${md5.digest('hex')}-${infos.length}`;
    const checksum = finalChecksum(upload, infos, full?.digest());
    checkAnnounced(headers, size, checksum);
    const info: ObjectInfo = { ...upload.info, size, etag, modifiedMs: Date.now(), checksum };
    await writer.finish(info);
    findUpload(bucket, upload.id, key);
    store.commit(bucket, writer, info, condition);
    removeUpload(bucket, upload, store.temporaryPath());
    const path = nameBelowLocalhost(headers.host) === undefined ? `${name}/` : '';
    const Location = `http://${headers.host}/${path}${encodeURIComponent(key)}`;
    const result = { Location, Bucket: name, Key: key, ETag: `"${etag}"`, ...checksumFields(checksum) };
    return { xml: toXml('CompleteMultipartUploadResult', result) };
  });
}

/** The parts that a request to complete lists, checked against those that were uploaded. */
function chosenParts(upload: Upload, listed: CompleteRequest['Part']): Map<number, ObjectInfo> {
  if (listed.length === 0) throw new S3Error('MalformedXML', 'at least one Part is needed to complete an upload');
  const parts = new Map<number, ObjectInfo>();
  let previous = 0;
  for (const { PartNumber, ETag, ...rest } of listed) {
    const number = Number(PartNumber);
    if (!(number > previous)) throw new S3Error('InvalidPartOrder', `part ${PartNumber} is listed after ${previous}`);
    previous = number;
    const part = upload.parts.get(number);
    if (!part || typeof ETag !== 'string' || ETag.replaceAll('"', '') !== part.etag)
      throw new S3Error('InvalidPart', `part ${number} with ETag ${ETag} was not uploaded`);
    const sum = part.checksum && rest[checksumElement(part.checksum.algorithm)];
    if (sum !== undefined && sum !== part.checksum?.value)
      throw new S3Error('InvalidPart', `part ${number} has checksum ${part.checksum?.value}, not ${sum}`);
    parts.set(number, part);
  }
  for (const [number, { size }] of [...parts].slice(0, -1))
    if (size < MIN_PART_BYTES)
      throw new S3Error('EntityTooSmall', `part ${number} has ${size} bytes; all but the last need ${MIN_PART_BYTES}`);
  return parts;
}

function finalChecksum(upload: Upload, parts: ObjectInfo[], full: Buffer | undefined): StoredChecksum | undefined {
  const wanted = upload.info.checksum;
  if (!wanted) return undefined;
  const value =
    full?.toString('base64') ??
    compositeChecksum(
      wanted.algorithm,
      parts.map((part) => part.checksum!.value),
    );
  return { ...wanted, value };
}

/** Compare the size and checksum that a request to complete states with those of the whole object. */
function checkAnnounced(headers: IncomingHttpHeaders, size: number, checksum: StoredChecksum | undefined): void {
  const announcedSize = headers['x-amz-mp-object-size'];
  if (announcedSize !== undefined && Number(announcedSize) !== size)
    throw new S3Error('InvalidRequest', `x-amz-mp-object-size ${announcedSize}, the parts have ${size} bytes`);
  const sent = checksum && headers[checksumHeader(checksum.algorithm)];
  // a composite value may come with or without its number of parts
  if (sent !== undefined && sent !== checksum?.value && sent !== checksum?.value.split('-')[0])
    throw new S3Error('BadDigest', `${checksumHeader(checksum!.algorithm)} ${sent}, the object has ${checksum?.value}`);
}

/** [AbortMultipartUpload](https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html). */
export function abortMultipartUpload({ store, bucket: name, key, query }: S3Request): S3Reply {
  const bucket = store.bucket(name);
  removeUpload(bucket, findUpload(bucket, query.get('uploadId')!, key), store.temporaryPath());
  return { status: 204 };
}
