// What all requests to S3 share: the caller's time, and what a refusal means.

import { AccessDeniedError } from '../base/errors.ts';

// the SDK tries a request again until the head of its answer is there; a body that breaks off is ours to ask for again
export const BODY_ATTEMPTS = 5;
const MAX_BODY_PAUSE_MS = 100; // before the second attempt; doubles, and is drawn at random below it

/** @param attempt that broke off, ≥ 1 */
export function bodyPauseMs(attempt: number): number {
  return Math.random() * MAX_BODY_PAUSE_MS * 2 ** (attempt - 1);
}

/**
 * Send a request.
 *
 * @param permission that it takes, such as `s3:GetObject`
 * @throws {AccessDeniedError} when that is missing
 * @throws TimeoutError when the caller's time is over, and otherwise the reason of the caller's signal
 */
export type S3Send = <T>(
  permission: string,
  bucket: string,
  key: string,
  request: (options: { abortSignal?: AbortSignal }) => Promise<T>,
) => Promise<T>;

/** @param signalOf asked at each request: what ends it, with its pauses */
export function s3Send(signalOf: () => AbortSignal | undefined): S3Send {
  return async (permission, bucket, key, request) => {
    const abortSignal = signalOf();
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
  const message = `${permission} of ${key} in bucket ${bucket} was not answered within the time that was left`;
  return Object.assign(new Error(message, { cause }), { name: 'TimeoutError' });
}

/** Of S3 Express One Zone; its name says it: `base--zone--x-s3`. */
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
