// Sends requests to S3: the caller's deadline, and clear errors for missing permissions.

import { AccessDeniedError } from '../base/errors.ts';

/**
 * Send a request.
 *
 * @param permission required permission, such as `s3:GetObject`
 * @throws {AccessDeniedError} when the permission is missing
 * @throws TimeoutError when the caller's deadline has passed; otherwise the reason of the caller's signal
 */
export type S3Send = <T>(
  permission: string,
  bucket: string,
  key: string,
  request: (options: { abortSignal?: AbortSignal }) => Promise<T>,
) => Promise<T>;

/** @param getSignal called at each request: the signal that ends the request and its pauses */
export function s3Send(getSignal: () => AbortSignal | undefined): S3Send {
  return async (permission, bucket, key, request) => {
    const abortSignal = getSignal();
    try {
      return await request({ abortSignal });
    } catch (error) {
      if (abortSignal?.aborted && error instanceof Error && error.name === 'AbortError') {
        const { reason } = abortSignal;
        throw reason?.name === 'TimeoutError' ? lateError(permission, bucket, key, reason) : reason;
      }
      throw isDenied(error) ? deniedError(permission, bucket, key, error) : error;
    }
  };
}

function lateError(permission: string, bucket: string, key: string, cause: Error): Error {
  const message = `${permission} of ${key} in bucket ${bucket} was not answered before the deadline`;
  return Object.assign(new Error(message, { cause }), { name: 'TimeoutError' });
}

/** Whether a bucket is in S3 Express One Zone, by its name: `base--zone--x-s3`. */
export function isDirectoryBucket(bucket: string): boolean {
  return bucket.endsWith('--x-s3');
}

function isDenied(error: unknown): error is Error {
  return error instanceof Error && (error.name === 'AccessDenied' || error.name === 'Forbidden');
}

function deniedError(permission: string, bucket: string, key: string, cause: Error): AccessDeniedError {
  if (isDirectoryBucket(bucket)) {
    return new AccessDeniedError(
      `${permission} of ${key} in directory bucket ${bucket} was denied (${cause.message}); allow whoever runs this ` +
        `s3express:CreateSession on arn:aws:s3express:*:*:bucket/${bucket}, and to write with the session mode ReadWrite`,
      { cause },
    );
  }
  const resource = permission === 's3:ListBucket' ? `arn:aws:s3:::${bucket}` : `arn:aws:s3:::${bucket}/${key}`;
  // without it S3 does not say whether there is such an object
  const missing = permission === 's3:GetObject' ? ', and s3:ListBucket where the object may be missing' : '';
  return new AccessDeniedError(
    `${permission} of ${key} in bucket ${bucket} was denied (${cause.message}); allow whoever runs this ${permission} on ` +
      `${resource}${missing}, and the use of the bucket's key if it has one`,
    { cause },
  );
}
