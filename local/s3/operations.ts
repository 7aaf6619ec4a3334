// Finds the operation of a request. A request that is not in this table is rejected, never treated as a similar one.

import type { IncomingHttpHeaders } from 'node:http';
import * as buckets from './bucket-operations.ts';
import * as listings from './multipart-listings.ts';
import * as multipart from './multipart-operations.ts';
import * as objects from './object-operations.ts';
import type { S3Reply, S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

export interface Operation {
  name: string;
  method: string;
  on: 'service' | 'bucket' | 'object';
  /** Query parameters that select this operation. */
  selectedBy?: string[];
  /** Whether x-amz-copy-source is required; otherwise it is rejected. */
  isCopy?: boolean;
  /** Optional query parameters; any other is rejected. */
  accepts?: string[];
  /** Difference from S3, for the table in docs/emulator.md. */
  remark?: string;
  run: (request: S3Request) => S3Reply | Promise<S3Reply>;
}

const LIST = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];
const RESPONSE = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-language',
  'expires',
  'content-encoding',
];
const GET = RESPONSE.map((name) => `response-${name}`);

// the first match is used, so operations with more conditions come first
export const OPERATIONS: Operation[] = [
  {
    name: 'ListBuckets',
    method: 'GET',
    on: 'service',
    accepts: ['prefix'],
    remark: 'one page, without a limit',
    run: buckets.listBuckets,
  },

  { name: 'CreateBucket', method: 'PUT', on: 'bucket', run: buckets.createBucket },
  { name: 'HeadBucket', method: 'HEAD', on: 'bucket', run: buckets.headBucket },
  { name: 'DeleteBucket', method: 'DELETE', on: 'bucket', run: buckets.deleteBucket },
  {
    name: 'CreateSession',
    method: 'GET',
    on: 'bucket',
    selectedBy: ['session'],
    remark: 'directory buckets only; valid for 5 minutes',
    run: noSession,
  },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    on: 'bucket',
    selectedBy: ['location'],
    remark: 'always us-east-1',
    run: buckets.getBucketLocation,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    on: 'bucket',
    selectedBy: ['uploads'],
    accepts: ['prefix', 'max-uploads', 'encoding-type', 'key-marker', 'upload-id-marker'],
    run: listings.listMultipartUploads,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    on: 'bucket',
    selectedBy: ['list-type'],
    accepts: [...LIST, 'start-after', 'continuation-token', 'fetch-owner'],
    remark: 'in a directory bucket: prefixes that end in /, delimiter / only, no start-after, no order',
    run: buckets.listObjectsV2,
  },
  {
    name: 'ListObjects',
    method: 'GET',
    on: 'bucket',
    accepts: [...LIST, 'marker'],
    remark: 'not in directory buckets',
    run: buckets.listObjects,
  },
  {
    name: 'DeleteObjects',
    method: 'POST',
    on: 'bucket',
    selectedBy: ['delete'],
    remark: 'no versions; at most 1,000 keys',
    run: objects.deleteObjects,
  },

  {
    name: 'UploadPartCopy',
    method: 'PUT',
    on: 'object',
    selectedBy: ['partNumber', 'uploadId'],
    isCopy: true,
    remark: 'no versions',
    run: multipart.uploadPartCopy,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    on: 'object',
    selectedBy: ['partNumber', 'uploadId'],
    run: multipart.uploadPart,
  },
  { name: 'CopyObject', method: 'PUT', on: 'object', isCopy: true, remark: 'no versions', run: objects.copyObject },
  {
    name: 'PutObject',
    method: 'PUT',
    on: 'object',
    remark: 'If-Match, If-None-Match: * and all five checksums',
    run: objects.putObject,
  },
  {
    name: 'ListParts',
    method: 'GET',
    on: 'object',
    selectedBy: ['uploadId'],
    accepts: ['max-parts', 'part-number-marker', 'encoding-type'],
    run: listings.listParts,
  },
  {
    name: 'GetObjectTagging',
    method: 'GET',
    on: 'object',
    selectedBy: ['tagging'],
    remark: 'always an empty set; not in directory buckets',
    run: objects.getObjectTagging,
  },
  {
    name: 'GetObject',
    method: 'GET',
    on: 'object',
    accepts: GET,
    remark: 'one range; all preconditions; no versions',
    run: objects.getObject,
  },
  { name: 'HeadObject', method: 'HEAD', on: 'object', accepts: GET, run: objects.headObject },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    on: 'object',
    selectedBy: ['uploadId'],
    run: multipart.abortMultipartUpload,
  },
  { name: 'DeleteObject', method: 'DELETE', on: 'object', remark: 'no versions', run: objects.deleteObject },
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    on: 'object',
    selectedBy: ['uploads'],
    run: multipart.createMultipartUpload,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    on: 'object',
    selectedBy: ['uploadId'],
    remark: 'parts but the last have at least 5 MiB',
    run: multipart.completeMultipartUpload,
  },
];

/** CreateSession of a general purpose bucket. The server itself answers that of a directory bucket, as it knows the caller. */
function noSession({ bucket }: S3Request): never {
  throw new S3Error(
    'InvalidRequest',
    `${bucket} is not a directory bucket (their names end in --x-s3), so it has no sessions`,
  );
}

/** Parameters of any request: `x-id` names the operation, the others are those of presigned URLs of version 2. */
const IGNORED = new Set(['x-id', 'AWSAccessKeyId', 'Signature', 'Expires', 'content-type', 'content-md5']);

/** Headers that request features which are not supported. */
const UNSUPPORTED_HEADER =
  /^x-amz-(tagging$|grant-|object-lock-|bucket-object-lock-|website-redirect-|.*server-side-encryption-|write-offset-)/;
/** Headers that are accepted with the values that are the default. */
const DEFAULTS = new Map([
  ['x-amz-acl', ['private', 'bucket-owner-full-control']],
  ['x-amz-storage-class', ['STANDARD']],
  ['x-amz-server-side-encryption', ['AES256']],
]);

/** @throws {S3Error} NotImplemented */
export function findOperation(method: string, request: Omit<S3Request, 'store' | 'body'>): Operation {
  const { bucket, key, query, headers } = request;
  const on = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const isCopy = headers['x-amz-copy-source'] !== undefined;
  const operation = OPERATIONS.find(
    (candidate) =>
      candidate.method === method &&
      candidate.on === on &&
      (candidate.isCopy ?? false) === isCopy &&
      (candidate.selectedBy ?? []).every((name) => query.has(name)),
  );
  if (!operation) throw new S3Error('NotImplemented', `${method} on a ${on} with ${queryText(query)}`);
  const { name, selectedBy = [], accepts = [] } = operation;
  for (const parameter of query.keys())
    if (!IGNORED.has(parameter) && !selectedBy.includes(parameter) && !accepts.includes(parameter))
      throw new S3Error('NotImplemented', `${method} on a ${on} with the query parameter ${parameter}`);
  rejectHeaders(name, headers);
  return operation;
}

function rejectHeaders(operation: string, headers: IncomingHttpHeaders): void {
  for (const [header, value] of Object.entries(headers)) {
    const isDefault = DEFAULTS.get(header)?.includes(String(value)) ?? true;
    if (UNSUPPORTED_HEADER.test(header) || !isDefault)
      throw new S3Error('NotImplemented', `${operation} with the header ${header}: ${value}`);
  }
}

const queryText = (query: Map<string, string>) => (query.size === 0 ? 'no query' : `?${[...query.keys()].join('&')}`);
