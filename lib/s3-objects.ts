// A user's objects in S3, pinned by their ETags.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { InputError } from './errors.ts';
import { changedError, compilePattern, type Objects, parseLocation } from './objects.ts';
import type { StoreUsage } from './s3-store.ts';

/** @param usage receives what is asked of S3 */
export function s3Objects(client: S3Client, usage: StoreUsage): Objects {
  return {
    async find(location) {
      const { bucket, key } = parseLocation(location);
      const { prefix, matches } = compilePattern(key);
      const found = [];
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        usage.writes++;
        for (const { Key, Size, ETag } of page.Contents ?? []) {
          if (matches(Key!)) found.push({ uri: `s3://${bucket}/${Key}`, size: Size!, etag: ETag! });
        }
      }
      return found;
    },
    async read(object, start, end) {
      const { bucket, key } = parseLocation(object.uri);
      usage.reads++;
      try {
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${start}-${end - 1}`, IfMatch: object.etag }),
        );
        const bytes = await Body!.transformToByteArray();
        usage.bytesRead += bytes.length;
        if (bytes.length !== end - start)
          throw new Error(`${object.uri}: ${bytes.length} bytes, expected ${end - start}`);
        return bytes;
      } catch (error) {
        const name = error instanceof Error ? error.name : '';
        if (name === 'PreconditionFailed' || name === 'NoSuchKey') throw changedError(object.uri);
        if (name === 'AccessDenied')
          throw new InputError(`${object.uri} cannot be read: access denied`, { cause: error });
        throw error;
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
