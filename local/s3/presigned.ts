// Expiry of presigned URLs. Signatures are not checked: any program that reaches the port may do everything.

import type { S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

const MAX_EXPIRES_SECONDS = 7 * 24 * 3600; // S3's own limit

/** @throws {S3Error} AccessDenied when the URL has expired, AuthorizationQueryParametersError when it cannot be read */
export function checkPresigned({ query, headers }: Pick<S3Request, 'query' | 'headers'>, nowMs: number): void {
  const expires = headers['x-amz-expires'];
  let expiryMs: number;
  if (expires !== undefined) {
    const date = String(headers['x-amz-date']);
    const signedMs = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    if (Number.isNaN(signedMs) || !/^\d+$/.test(String(expires)) || Number(expires) > MAX_EXPIRES_SECONDS)
      throw new S3Error(
        'AuthorizationQueryParametersError',
        `X-Amz-Date must have the form 20261231T235959Z and X-Amz-Expires be 0 to ${MAX_EXPIRES_SECONDS} seconds, ` +
          `got ${date} and ${expires}`,
      );
    expiryMs = signedMs + Number(expires) * 1000;
  } else if (query.has('Signature') && query.has('Expires')) {
    expiryMs = Number(query.get('Expires')) * 1000; // signature version 2, boto3's default
  } else {
    return;
  }
  if (!(nowMs < expiryMs)) throw new S3Error('AccessDenied', 'Request has expired');
}
