// The store on S3.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { NotFoundError } from '../base/errors.ts';
import type { MeasuredStore, StoreUsage } from '../store/store.ts';
import { s3Objects } from './s3-objects.ts';
import { s3RetryStrategy } from './s3-retry.ts';
import { BODY_ATTEMPTS, bodyPauseMs, s3Send } from './s3-send.ts';

// S3 answers 409 while two conditional writes of a key race; its documentation says to try again
const CONFLICT_ATTEMPTS = 5;
const MAX_CONFLICT_PAUSE_MS = 100; // before the second attempt; doubles, and is drawn at random below it

/**
 * A storm of `503 SlowDown` is waited out for half a minute at least, other faults for a second or two.
 *
 * @param bucket name of a bucket that exists; endpoint, region and credentials come from the SDK's default chain
 * @param signalOf asked at each request: what ends it and its pauses, with the reason that it is ended with
 */
export function s3Store(
  bucket: string,
  config: S3ClientConfig = {},
  signalOf: () => AbortSignal | undefined = () => undefined,
): MeasuredStore {
  const client = new S3Client({ retryStrategy: s3RetryStrategy(), ...config });
  const usage: StoreUsage = { writes: 0, reads: 0, bytesWritten: 0, bytesRead: 0 };
  const send = s3Send(signalOf);

  async function put(key: string, bytes: Uint8Array, contentType: string, ifNoneMatch?: '*'): Promise<void> {
    usage.writes++;
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: bytes,
      ContentType: contentType,
      IfNoneMatch: ifNoneMatch,
    });
    await send('s3:PutObject', bucket, key, (options) => client.send(command, options));
    usage.bytesWritten += bytes.length;
  }

  async function open(key: string) {
    usage.reads++;
    try {
      const command = new GetObjectCommand({ Bucket: bucket, Key: key });
      const { Body } = await send('s3:GetObject', bucket, key, (options) => client.send(command, options));
      return Body!;
    } catch (error) {
      if (isNamed(error, 'NoSuchKey'))
        throw new NotFoundError(`no object ${key} in bucket ${bucket}`, { cause: error });
      throw error;
    }
  }

  return {
    usage,
    objects: s3Objects(client, send, usage),
    async get(key) {
      for (let attempt = 1; ; attempt++) {
        const body = await open(key);
        try {
          const bytes = await body.transformToByteArray();
          usage.bytesRead += bytes.length;
          return bytes;
        } catch (cause) {
          if (attempt === BODY_ATTEMPTS) throw new Error(`reading ${key}: ${(cause as Error).message}`, { cause });
          await sleep(bodyPauseMs(attempt));
        }
      }
    },
    async create(key, bytes, contentType = 'application/octet-stream') {
      for (let attempt = 1; ; attempt++) {
        try {
          await put(key, bytes, contentType, '*');
          return true;
        } catch (error) {
          if (isNamed(error, 'PreconditionFailed')) return false;
          if (!isNamed(error, 'ConditionalRequestConflict') || attempt === CONFLICT_ATTEMPTS) throw error;
          await sleep(Math.random() * MAX_CONFLICT_PAUSE_MS * 2 ** (attempt - 1));
        }
      }
    },
    replace: (key, bytes, contentType = 'application/octet-stream') => put(key, bytes, contentType),
    async list(prefix) {
      const keys: string[] = [];
      const command = { Bucket: bucket, Prefix: prefix };
      await send('s3:ListBucket', bucket, prefix, async (options) => {
        for await (const page of paginateListObjectsV2({ client }, command, options)) {
          usage.writes++;
          for (const { Key } of page.Contents ?? []) keys.push(Key!);
        }
      });
      return keys;
    },
    async listFolders(prefix) {
      const names: string[] = [];
      const command = { Bucket: bucket, Prefix: prefix, Delimiter: '/' };
      await send('s3:ListBucket', bucket, prefix, async (options) => {
        for await (const page of paginateListObjectsV2({ client }, command, options)) {
          usage.writes++;
          for (const { Prefix } of page.CommonPrefixes ?? []) names.push(Prefix!.slice(prefix.length, -1));
        }
      });
      return names;
    },
    async remove(key) {
      usage.reads++;
      const command = new DeleteObjectCommand({ Bucket: bucket, Key: key });
      await send('s3:DeleteObject', bucket, key, (options) => client.send(command, options));
    },
  };
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}
