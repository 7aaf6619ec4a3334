// Directory buckets (S3 Express One Zone): whoever works in one has asked for a session first, which reads, or reads and
// writes, all that is in it. Source: docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html

import type { Authorize } from '../iam/authorizer.ts';
import type { S3Reply, S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { toXml } from './xml.ts';

const MODES = ['ReadWrite', 'ReadOnly'] as const;
type Mode = (typeof MODES)[number];

const MODE_HEADER = 'x-amz-create-session-mode';
const SESSION_MS = 5 * 60_000; // S3's own
/** Access key of a session: what it may do, who asked, and where. Nothing here is secret, as no signature is checked. */
const SESSION_KEY = /^session-(ReadWrite|ReadOnly)-(.*)@([a-z0-9.-]+)$/;
const READING = new Set(['GetObject', 'HeadObject', 'ListObjectsV2', 'HeadBucket']);
/** Operations of whoever owns the account, at an address that knows no sessions. */
const REGIONAL = new Set(['CreateBucket', 'DeleteBucket']);
/** What general purpose buckets have and these have not. */
const NOT_THERE = new Set(['ListObjects', 'GetObjectTagging', 'GetBucketLocation']);

export function directoryBucketArn(bucket: string): string {
  return `arn:aws:s3express:us-east-1:000000000000:bucket/${bucket}`;
}

/**
 * Refuse what a caller may not do in a directory bucket, and what there is not.
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
    modeOf(bucket, headers[MODE_HEADER], accessKeyId, authorize);
    return;
  }
  if (NOT_THERE.has(operation)) throw new S3Error('NotImplemented', `${operation} of a directory bucket`);
  const [, mode, , ofBucket] = SESSION_KEY.exec(accessKeyId ?? '') ?? [];
  if (ofBucket !== bucket)
    throw new S3Error('AccessDenied', `${operation} in a directory bucket needs a session for it: CreateSession`);
  if (mode !== 'ReadWrite' && !READING.has(operation))
    throw new S3Error('AccessDenied', `${operation} needs a session that writes; this one is ReadOnly`);
  if (operation === 'ListObjectsV2') checkListing(query);
}

/** CreateSession: credentials for five minutes, with as much as is allowed where nothing in particular is asked for. */
export function createSession(request: S3Request, accessKeyId: string | undefined, authorize: Authorize): S3Reply {
  const { store, bucket, headers } = request;
  store.bucket(bucket);
  const mode = modeOf(bucket, headers[MODE_HEADER], accessKeyId, authorize);
  const Credentials = {
    AccessKeyId: `session-${mode}-${accessKeyId ?? ''}@${bucket}`,
    SecretAccessKey: 'local',
    SessionToken: 'local',
    Expiration: new Date(Date.now() + SESSION_MS).toISOString(),
  };
  return { xml: toXml('CreateSessionResult', { Credentials }) };
}

function modeOf(
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
    throw new S3Error('InvalidArgument', `a directory bucket takes prefixes that end in a slash, got ${prefix}`);
  const delimiter = query.get('delimiter') ?? '/';
  if (delimiter !== '/')
    throw new S3Error('InvalidArgument', `a directory bucket knows the delimiter / only, got ${delimiter}`);
  if (query.has('start-after'))
    throw new S3Error('NotImplemented', 'start-after of a directory bucket, which has no order');
}
