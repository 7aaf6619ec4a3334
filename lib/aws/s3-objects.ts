// A user's objects in S3, pinned by their ETags.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { InputError } from '../base/errors.ts';
import { changedError, compilePattern, type Objects, type PinnedObject, parseLocation } from '../store/objects.ts';
import type { StoreUsage } from '../store/store.ts';
import { BODY_ATTEMPTS, shortPauseMs } from './s3-retry.ts';
import type { S3Send } from './s3-send.ts';

/** @param usage receives what is asked of S3 */
export function s3Objects(client: S3Client, send: S3Send, usage: StoreUsage): Objects {
  /** Ask for bytes of the object that was found, and of no other. */
  async function open({ uri, etag }: PinnedObject, start: number, end: number) {
    const { bucket, key } = parseLocation(uri);
    usage.reads++;
    try {
      const range = { Range: `bytes=${start}-${end - 1}`, IfMatch: etag };
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...range });
      const { Body } = await send('s3:GetObject', bucket, key, (options) => client.send(command, options));
      return Body as AsyncIterable<Uint8Array>;
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'PreconditionFailed' || name === 'NoSuchKey') throw changedError(uri);
      throw error;
    }
  }

  return {
    async find(location) {
      const { bucket, key } = parseLocation(location);
      const { prefix, matches } = compilePattern(key);
      const list = send('s3:ListBucket', bucket, prefix, async (options) => {
        const found = [];
        for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }, options)) {
          usage.writes++;
          for (const { Key, Size, ETag } of page.Contents ?? []) {
            if (matches(Key!)) found.push({ uri: `s3://${bucket}/${Key}`, size: Size!, etag: ETag! });
          }
        }
        return found;
      });
      return list.catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'NoSuchBucket')) throw error;
        throw new InputError(`bucket ${bucket}, which ${location} names, does not exist; check the name`, {
          cause: error,
        });
      });
    },
    async read(object, start, end) {
      const bytes = new Uint8Array(end - start);
      let length = 0;
      for (let attempt = 1; ; attempt++) {
        const body = await open(object, start + length, end);
        try {
          for await (const piece of body) {
            bytes.set(piece, length); // a RangeError where more come than were asked for
            length += piece.length;
            usage.bytesRead += piece.length;
          }
          if (length === bytes.length) return bytes;
          throw new Error(`${length} of ${bytes.length} bytes came`);
        } catch (cause) {
          // it broke off: go on from there
          if (attempt === BODY_ATTEMPTS) throw new Error(`${object.uri}: ${(cause as Error).message}`, { cause });
          await sleep(shortPauseMs(attempt));
        }
      }
    },
  };
}

/** Put a file of this machine under a key, streaming; what is there already stays. */
export async function s3Upload(bucket: string, file: string, key: string, config: S3ClientConfig): Promise<void> {
  const client = new S3Client(config);
  try {
    // asked first: of a body that is sent and refused, the SDK warns
    if (await exists(client, bucket, key)) return;
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: createReadStream(file, { highWaterMark: 1024 ** 2 }),
        ContentLength: (await stat(file)).size,
        IfNoneMatch: '*',
      }),
    );
  } catch (error) {
    if (!(error instanceof Error && error.name === 'PreconditionFailed')) throw error;
  } finally {
    client.destroy();
  }
}

async function exists(client: S3Client, bucket: string, key: string): Promise<boolean> {
  try {
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFound') return false;
    throw error;
  }
}
