// The permissions that each operation requires.
// Source: docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html

import type { S3Request } from './request.ts';

const OF_BUCKET: Record<string, string> = {
  CreateSession: 's3express:CreateSession', // rejected later: only directory buckets have sessions
  CreateBucket: 's3:CreateBucket',
  HeadBucket: 's3:ListBucket',
  DeleteBucket: 's3:DeleteBucket',
  GetBucketLocation: 's3:GetBucketLocation',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListObjects: 's3:ListBucket',
  ListObjectsV2: 's3:ListBucket',
};

const OF_OBJECT: Record<string, string> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  GetObjectTagging: 's3:GetObjectTagging',
  PutObject: 's3:PutObject',
  CopyObject: 's3:PutObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  AbortMultipartUpload: 's3:AbortMultipartUpload',
  ListParts: 's3:ListMultipartUploadParts',
  DeleteObject: 's3:DeleteObject',
};

export const bucketArn = (bucket: string) => `arn:aws:s3:::${bucket}`;

/** Action and resource of each permission that an operation requires. */
export function requiredPermissions(
  operation: string,
  { bucket, key, headers }: Pick<S3Request, 'bucket' | 'key' | 'headers'>,
): [action: string, resource: string][] {
  if (operation === 'ListBuckets') return [['s3:ListAllMyBuckets', '*']];
  // its keys are in the body, so the caller needs the permission to delete any object
  if (operation === 'DeleteObjects') return [['s3:DeleteObject', `${bucketArn(bucket)}/*`]];
  const ofBucket = OF_BUCKET[operation];
  if (ofBucket !== undefined) return [[ofBucket, bucketArn(bucket)]];
  const permissions: [string, string][] = [[OF_OBJECT[operation], `${bucketArn(bucket)}/${key}`]];
  const source = headers['x-amz-copy-source'];
  if (typeof source === 'string') {
    permissions.push(['s3:GetObject', `arn:aws:s3:::${decodeURIComponent(source.replace(/^\//, '').split('?')[0])}`]);
  }
  return permissions;
}
