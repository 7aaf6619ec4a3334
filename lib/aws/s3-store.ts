// The store on S3.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { NotFoundError } from '../base/errors.ts';
import type { MeasuredStore, StoreUsage } from '../store/store.ts';
import { s3Objects } from './s3-objects.ts';
import { BODY_ATTEMPTS, CONFLICT_ATTEMPTS, s3RetryStrategy, shortPauseMs } from './s3-retry.ts';
import { s3Send } from './s3-send.ts';

/** A bucket, and how requests to it are sent and counted. */
interface Bucket {
  name: string;
  client: S3Client;
  send: ReturnType<typeof s3Send>;
  usage: StoreUsage;
}

/**
 * A store in a bucket. Requests wait out a storm of `503 SlowDown` for at least half a minute, and other faults for a second
 * or two.
 *
 * @param name name of a bucket that exists; endpoint, region and credentials come from the SDK's default chain
 * @param getSignal called at each request: the signal that ends the request and its pauses
 */
export function s3Store(
  name: string,
  config: S3ClientConfig = {},
  getSignal: () => AbortSignal | undefined = () => undefined,
): MeasuredStore {
  const client = new S3Client({ retryStrategy: s3RetryStrategy(), ...config });
  const usage: StoreUsage = { writes: 0, reads: 0, bytesWritten: 0, bytesRead: 0 };
  const send = s3Send(getSignal);
  const bucket = { name, client, send, usage };
  return {
    usage,
    objects: s3Objects(client, send, usage),
    get: (key) => getObject(bucket, key),
    create: (key, bytes, contentType = BINARY) => createObject(bucket, key, bytes, contentType),
    replace: (key, bytes, contentType = BINARY) =>
      putObject(bucket, { Key: key, Body: bytes, ContentType: contentType }),
    list: async (prefix) => {
      const keys: string[] = [];
      await forEachPage(bucket, { Prefix: prefix }, ({ Contents = [] }) => {
        for (const { Key } of Contents) keys.push(Key!);
      });
      return keys;
    },
    listFolders: async (prefix) => {
      const names: string[] = [];
      await forEachPage(bucket, { Prefix: prefix, Delimiter: '/' }, ({ CommonPrefixes = [] }) => {
        for (const { Prefix } of CommonPrefixes) names.push(Prefix!.slice(prefix.length, -1));
      });
      return names;
    },
    async remove(key) {
      usage.reads++;
      const command = new DeleteObjectCommand({ Bucket: name, Key: key });
      await send('s3:DeleteObject', name, key, (options) => client.send(command, options));
    },
  };
}

const BINARY = 'application/octet-stream';

interface NewObject {
  Key: string;
  Body: Uint8Array;
  ContentType: string;
  IfNoneMatch?: '*';
}

async function putObject({ name, client, send, usage }: Bucket, object: NewObject): Promise<void> {
  usage.writes++;
  const command = new PutObjectCommand({ Bucket: name, ...object });
  await send('s3:PutObject', name, object.Key, (options) => client.send(command, options));
  usage.bytesWritten += object.Body.length;
}

async function createObject(bucket: Bucket, key: string, bytes: Uint8Array, contentType: string): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await putObject(bucket, { Key: key, Body: bytes, ContentType: contentType, IfNoneMatch: '*' });
      return true;
    } catch (error) {
      if (isNamed(error, 'PreconditionFailed')) return false;
      if (!isNamed(error, 'ConditionalRequestConflict') || attempt === CONFLICT_ATTEMPTS) throw error;
      await sleep(shortPauseMs(attempt));
    }
  }
}

async function getObject(bucket: Bucket, key: string): Promise<Uint8Array> {
  for (let attempt = 1; ; attempt++) {
    const body = await openObject(bucket, key);
    try {
      const bytes = await body.transformToByteArray();
      bucket.usage.bytesRead += bytes.length;
      return bytes;
    } catch (cause) {
      if (attempt === BODY_ATTEMPTS) throw new Error(`reading ${key}: ${(cause as Error).message}`, { cause });
      await sleep(shortPauseMs(attempt));
    }
  }
}

async function openObject({ name, client, send, usage }: Bucket, key: string) {
  usage.reads++;
  try {
    const command = new GetObjectCommand({ Bucket: name, Key: key });
    const { Body } = await send('s3:GetObject', name, key, (options) => client.send(command, options));
    return Body!;
  } catch (error) {
    if (isNamed(error, 'NoSuchKey')) throw new NotFoundError(`no object ${key} in bucket ${name}`, { cause: error });
    throw error;
  }
}

async function forEachPage(
  { name, client, send, usage }: Bucket,
  input: { Prefix: string; Delimiter?: string },
  visit: (page: ListObjectsV2CommandOutput) => void,
): Promise<void> {
  await send('s3:ListBucket', name, input.Prefix, async (options) => {
    for await (const page of paginateListObjectsV2({ client }, { Bucket: name, ...input }, options)) {
      usage.writes++;
      visit(page);
    }
  });
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
