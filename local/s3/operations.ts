// Which operation a request is. What is not in this table is refused, never taken for something like it.

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
  /** Query parameters that make a request this operation. */
  selectedBy?: string[];
  /** Whether x-amz-copy-source must be there; otherwise it must not. */
  isCopy?: boolean;
  /** Other query parameters that it understands. */
  accepts?: string[];
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

// the first that fits is taken, so those with more conditions come first
export const OPERATIONS: Operation[] = [
  { name: 'ListBuckets', method: 'GET', on: 'service', accepts: ['prefix'], run: buckets.listBuckets },

  { name: 'CreateBucket', method: 'PUT', on: 'bucket', run: buckets.createBucket },
  { name: 'HeadBucket', method: 'HEAD', on: 'bucket', run: buckets.headBucket },
  { name: 'DeleteBucket', method: 'DELETE', on: 'bucket', run: buckets.deleteBucket },
  { name: 'CreateSession', method: 'GET', on: 'bucket', selectedBy: ['session'], run: noSession },
  { name: 'GetBucketLocation', method: 'GET', on: 'bucket', selectedBy: ['location'], run: buckets.getBucketLocation },
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
    run: buckets.listObjectsV2,
  },
  { name: 'ListObjects', method: 'GET', on: 'bucket', accepts: [...LIST, 'marker'], run: buckets.listObjects },
  { name: 'DeleteObjects', method: 'POST', on: 'bucket', selectedBy: ['delete'], run: objects.deleteObjects },

  {
    name: 'UploadPartCopy',
    method: 'PUT',
    on: 'object',
    selectedBy: ['partNumber', 'uploadId'],
    isCopy: true,
    run: multipart.uploadPartCopy,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    on: 'object',
    selectedBy: ['partNumber', 'uploadId'],
    run: multipart.uploadPart,
  },
  { name: 'CopyObject', method: 'PUT', on: 'object', isCopy: true, run: objects.copyObject },
  { name: 'PutObject', method: 'PUT', on: 'object', run: objects.putObject },
  {
    name: 'ListParts',
    method: 'GET',
    on: 'object',
    selectedBy: ['uploadId'],
    accepts: ['max-parts', 'part-number-marker', 'encoding-type'],
    run: listings.listParts,
  },
  { name: 'GetObjectTagging', method: 'GET', on: 'object', selectedBy: ['tagging'], run: objects.getObjectTagging },
  { name: 'GetObject', method: 'GET', on: 'object', accepts: GET, run: objects.getObject },
  { name: 'HeadObject', method: 'HEAD', on: 'object', accepts: GET, run: objects.headObject },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    on: 'object',
    selectedBy: ['uploadId'],
    run: multipart.abortMultipartUpload,
  },
  { name: 'DeleteObject', method: 'DELETE', on: 'object', run: objects.deleteObject },
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
    run: multipart.completeMultipartUpload,
  },
];

/** Of a directory bucket the server answers it itself, as it knows who asks. */
function noSession({ bucket }: S3Request): never {
  throw new S3Error('InvalidRequest', `${bucket} is no directory bucket, which end in --x-s3: it has no sessions`);
}

/** Parameters of any request: `x-id` names the operation, the others are those of presigned URLs of version 2. */
const IGNORED = new Set(['x-id', 'AWSAccessKeyId', 'Signature', 'Expires', 'content-type', 'content-md5']);

/** Headers that ask for what is not here. */
const REFUSED_HEADER =
  /^x-amz-(tagging$|grant-|object-lock-|bucket-object-lock-|website-redirect-|.*server-side-encryption-|write-offset-)/;
/** Headers that say no more than the default, and the values that do. */
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
  refuseHeaders(name, headers);
  return operation;
}

function refuseHeaders(operation: string, headers: IncomingHttpHeaders): void {
  for (const [header, value] of Object.entries(headers)) {
    const isDefault = DEFAULTS.get(header)?.includes(String(value)) ?? true;
    if (REFUSED_HEADER.test(header) || !isDefault)
      throw new S3Error('NotImplemented', `${operation} with the header ${header}: ${value}`);
  }
}

const queryText = (query: Map<string, string>) => (query.size === 0 ? 'no query' : `?${[...query.keys()].join('&')}`);
