// Buckets, and the listing of what is in one.

import { isDirectoryBucket } from '../../lib/aws/s3-send.ts';
import { listPage } from './list.ts';
import { keyEncoding, queryNumber, type S3Reply, type S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import type { Bucket } from './uploads.ts';
import { toXml, type XmlFields } from './xml.ts';

/** The only region here; S3 writes it as an empty location. */
const REGION = 'us-east-1';
/** Owner of every bucket, object and upload. */
export const OWNER = { ID: 'local', DisplayName: 'local' };
/** Maximum entries of one page of any listing; S3's own limit. */
export const MAX_PAGE = 1000;

/** [ListBuckets](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html). */
export function listBuckets({ store, query }: S3Request): S3Reply {
  const prefix = query.get('prefix') ?? '';
  const buckets = [...store.buckets.values()].filter(({ name }) => name.startsWith(prefix));
  buckets.sort((a, b) => (a.name < b.name ? -1 : 1));
  const Bucket = buckets.map(({ name, createdMs }) => ({
    Name: name,
    CreationDate: new Date(createdMs).toISOString(),
  }));
  return { xml: toXml('ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket } }) };
}

/**
 * [CreateBucket](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
 * Fails with BucketAlreadyOwnedByYou when the bucket exists.
 */
export function createBucket({ store, bucket }: S3Request): S3Reply {
  store.createBucket(bucket);
  return { headers: { location: `/${bucket}` } };
}

/** [HeadBucket](https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html). */
export function headBucket({ store, bucket }: S3Request): S3Reply {
  store.bucket(bucket);
  return { headers: { 'x-amz-bucket-region': REGION } };
}

/**
 * [DeleteBucket](https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html).
 * Fails with BucketNotEmpty while the bucket holds objects.
 */
export function deleteBucket({ store, bucket }: S3Request): S3Reply {
  store.deleteBucket(bucket);
  return { status: 204 };
}

/** [GetBucketLocation](https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html). */
export function getBucketLocation({ store, bucket }: S3Request): S3Reply {
  store.bucket(bucket);
  return { xml: toXml('LocationConstraint', {}) };
}

/**
 * [ListObjectsV2](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
 * The continuation token is the last item of the page before.
 */
export function listObjectsV2(request: S3Request): S3Reply {
  const { query } = request;
  if (query.get('list-type') !== '2')
    throw new S3Error('InvalidArgument', `list-type must be 2, got ${query.get('list-type')}`);
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const after = token === undefined ? (startAfter ?? '') : Buffer.from(token, 'base64url').toString();
  const { encode, fields, next, numItems } = list(request, after, query.get('fetch-owner') === 'true');
  return {
    xml: toXml('ListBucketResult', {
      ...fields,
      KeyCount: numItems,
      ContinuationToken: token,
      NextContinuationToken: next && Buffer.from(next).toString('base64url'),
      StartAfter: startAfter && encode(startAfter),
    }),
  };
}

/**
 * [ListObjects](https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html).
 * Version 1, which continues from a marker.
 */
export function listObjects(request: S3Request): S3Reply {
  const marker = request.query.get('marker') ?? '';
  const { encode, fields, next } = list(request, marker, true);
  // without a delimiter clients continue from the last key
  const nextMarker = request.query.has('delimiter') && next ? encode(next) : undefined;
  return { xml: toXml('ListBucketResult', { ...fields, Marker: encode(marker), NextMarker: nextMarker }) };
}

/** The fields that both versions share. */
function list(request: S3Request, after: string, withOwner: boolean) {
  const bucket = request.store.bucket(request.bucket);
  const encode = keyEncoding(request);
  const prefix = request.query.get('prefix') ?? '';
  const delimiter = request.query.get('delimiter') ?? '';
  const maxKeys = queryNumber(request, 'max-keys', MAX_PAGE, MAX_PAGE);
  const { keys, commonPrefixes, next } = listPage(bucket.objects, { prefix, delimiter, after, maxKeys });
  const fields: XmlFields = {
    Name: bucket.name,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: maxKeys,
    EncodingType: request.query.get('encoding-type'),
    IsTruncated: next !== undefined,
    // S3 Express One Zone lists keys in no particular order
    Contents: (isDirectoryBucket(bucket.name) ? keys.toReversed() : keys).map((key) =>
      contents(bucket, key, encode, withOwner),
    ),
    CommonPrefixes: commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  };
  return { encode, fields, next, numItems: keys.length + commonPrefixes.length };
}

function contents(bucket: Bucket, key: string, encode: (key: string) => string, withOwner: boolean): XmlFields {
  const { etag, size, modifiedMs, checksum } = bucket.objects.get(key)!;
  return {
    Key: encode(key),
    LastModified: new Date(modifiedMs).toISOString(),
    ETag: `"${etag}"`,
    ChecksumAlgorithm: checksum?.algorithm,
    ChecksumType: checksum?.type,
    Size: size,
    StorageClass: 'STANDARD',
    Owner: withOwner ? OWNER : undefined,
  };
}
