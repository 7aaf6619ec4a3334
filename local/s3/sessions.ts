// Directory buckets (S3 Express One Zone): a caller first requests a session, which may read, or read and write, every
// object of the bucket. Source: docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html

import type { Authorize } from '../iam/authorizer.ts';
import type { S3Reply, S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { toXml } from './xml.ts';

const MODES = ['ReadWrite', 'ReadOnly'] as const;
type Mode = (typeof MODES)[number];

const MODE_HEADER = 'x-amz-create-session-mode';
const SESSION_MS = 5 * 60_000; // S3's own
/** Access key of a session: its mode, the caller's access key, the bucket. Nothing is secret, as no signature is checked. */
const SESSION_KEY = /^session-(ReadWrite|ReadOnly)-(.*)@([a-z0-9.-]+)$/;
const READING = new Set(['GetObject', 'HeadObject', 'ListObjectsV2', 'HeadBucket']);
/** Operations of the account's owner, at the regional endpoint, which has no sessions. */
const REGIONAL = new Set(['CreateBucket', 'DeleteBucket']);
/** Operations that only general purpose buckets have. */
const NOT_THERE = new Set(['ListObjects', 'GetObjectTagging', 'GetBucketLocation']);

export function directoryBucketArn(bucket: string): string {
  return `arn:aws:s3express:us-east-1:000000000000:bucket/${bucket}`;
}

/**
 * Reject a request to a directory bucket that the caller is not allowed to make or that directory buckets do not support.
 *
 * @throws {S3Error} AccessDenied, InvalidArgument or NotImplemented
 */
export function checkDirectoryBucket(
  operation: string,
  { bucket, query, headers }: Pick<S3Request, 'bucket' | 'query' | 'headers'>,
  accessKeyId: string | undefined,
  authorize: Authorize,
): void {
  if (REGIONAL.has(operation)) {
    const denial = authorize(accessKeyId, `s3express:${operation}`, directoryBucketArn(bucket));
    if (denial !== undefined) throw new S3Error('AccessDenied', denial);
    return;
  }
  if (operation === 'CreateSession') {
    allowedMode(bucket, headers[MODE_HEADER], accessKeyId, authorize);
    return;
  }
  if (NOT_THERE.has(operation)) throw new S3Error('NotImplemented', `${operation} in a directory bucket`);
  const [, mode, , ofBucket] = SESSION_KEY.exec(accessKeyId ?? '') ?? [];
  if (ofBucket !== bucket)
    throw new S3Error(
      'AccessDenied',
      `${operation} in a directory bucket requires a session: call CreateSession first`,
    );
  if (mode !== 'ReadWrite' && !READING.has(operation))
    throw new S3Error('AccessDenied', `${operation} requires a ReadWrite session; this one is ReadOnly`);
  if (operation === 'ListObjectsV2') checkListing(query);
}

/**
 * [CreateSession](https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html): credentials for five minutes;
 * without a requested mode, the widest one that the caller is allowed.
 */
export function createSession(request: S3Request, accessKeyId: string | undefined, authorize: Authorize): S3Reply {
  const { store, bucket, headers } = request;
  store.bucket(bucket);
  const mode = allowedMode(bucket, headers[MODE_HEADER], accessKeyId, authorize);
  const Credentials = {
    AccessKeyId: `session-${mode}-${accessKeyId ?? ''}@${bucket}`,
    SecretAccessKey: 'local',
    SessionToken: 'local',
    Expiration: new Date(Date.now() + SESSION_MS).toISOString(),
  };
  return { xml: toXml('CreateSessionResult', { Credentials }) };
}

function allowedMode(
  bucket: string,
  asked: string | string[] | undefined,
  accessKeyId: string | undefined,
  authorize: Authorize,
): Mode {
  const tried = asked === undefined ? MODES : MODES.filter((mode) => mode === asked);
  if (tried.length === 0)
    throw new S3Error('InvalidArgument', `${MODE_HEADER} must be ${MODES.join(' or ')}, got ${asked}`);
  const ask = (mode: Mode) =>
    authorize(accessKeyId, 's3express:CreateSession', directoryBucketArn(bucket), { 's3express:SessionMode': mode });
  const allowed = tried.find((mode) => ask(mode) === undefined);
  if (allowed === undefined) throw new S3Error('AccessDenied', ask(tried.at(-1)!)!);
  return allowed;
}

function checkListing(query: Map<string, string>): void {
  const prefix = query.get('prefix') ?? '';
  if (prefix !== '' && !prefix.endsWith('/'))
    throw new S3Error('InvalidArgument', `in a directory bucket a prefix must end in a slash, got ${prefix}`);
  const delimiter = query.get('delimiter') ?? '/';
  if (delimiter !== '/')
    throw new S3Error('InvalidArgument', `in a directory bucket the delimiter must be /, got ${delimiter}`);
  if (query.has('start-after'))
    throw new S3Error('NotImplemented', 'start-after in a directory bucket, whose listing has no order');
}
