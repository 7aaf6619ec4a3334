// Buckets and objects on the disk, with an index of them in memory.
//
//   buckets/<bucket>/objects/<SHA-256 of the key>
//   buckets/<bucket>/uploads/<upload id>/            see uploads.ts
//   tmp/                                             files and folders on their way in or out
//   damaged/                                         incomplete files that a start found
//
// A file name made from a hash suits every key: both `a` and `a/b`, `..`, case, any length, any character.
// A file is complete before it is renamed to its place, so a kill -9 at any moment leaves whole objects only.
// Power loss is another matter: nothing is flushed to the platter, which would halve the rate of small writes.

import { createHash } from 'node:crypto';
import { mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { FormatError } from '../../lib/base/errors.ts';
import { checkWrite, type WriteCondition } from './conditions.ts';
import { claimFolder, releaseFolder } from './folder-claim.ts';
import { KeyIndex } from './key-index.ts';
import { type ObjectInfo, ObjectWriter, readObjectInfo } from './object-file.ts';
import { S3Error } from './s3-error.ts';
import { type Bucket, readUploads } from './uploads.ts';

export interface ObjectStoreOptions {
  dataDir: string;
  /** Called before each write to the disk; what it throws counts as the disk's own error. */
  beforeWrite?: (numBytes: number) => void;
}

export class ObjectStore {
  readonly dataDir: string;
  readonly buckets = new Map<string, Bucket>();
  /** Files that were not whole at the start and were moved aside. */
  readonly damaged: string[] = [];
  readonly #beforeWrite: (numBytes: number) => void;
  #numTemporary = 0;

  /** Opens the folder, or makes it. Reads the footer of every object: about 20 µs each. */
  constructor({ dataDir, beforeWrite = () => {} }: ObjectStoreOptions) {
    this.dataDir = dataDir;
    this.#beforeWrite = beforeWrite;
    mkdirSync(join(dataDir, 'buckets'), { recursive: true });
    claimFolder(dataDir);
    rmSync(join(dataDir, 'tmp'), { recursive: true, force: true });
    mkdirSync(join(dataDir, 'tmp'));
    for (const entry of readdirSync(join(dataDir, 'buckets'), { withFileTypes: true }))
      if (entry.isDirectory()) this.#openBucket(entry.name);
  }

  /** @throws {S3Error} NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw new S3Error('NoSuchBucket', `bucket ${name} does not exist`);
    return bucket;
  }

  createBucket(name: string): void {
    // Source: "General purpose bucket naming rules", Amazon S3 user guide.
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || /\.\.|^\d+\.\d+\.\d+\.\d+$/.test(name))
      throw new S3Error('InvalidBucketName', `bucket name ${name}: 3 to 63 of a-z, 0-9, - and single dots, not an IP`);
    if (this.buckets.has(name)) throw new S3Error('BucketAlreadyOwnedByYou', `bucket ${name} already exists`);
    this.#openBucket(name);
  }

  deleteBucket(name: string): void {
    const bucket = this.bucket(name);
    if (bucket.objects.size > 0)
      throw new S3Error('BucketNotEmpty', `bucket ${name} still holds ${bucket.objects.size} objects`);
    const discarded = this.temporaryPath();
    renameSync(bucket.folder, discarded);
    this.buckets.delete(name);
    rmSync(discarded, { recursive: true, force: true });
  }

  /** A free name in the folder for files on their way in or out. */
  temporaryPath(): string {
    return join(this.dataDir, 'tmp', String(this.#numTemporary++));
  }

  newWriter(): ObjectWriter {
    return new ObjectWriter(this.temporaryPath(), this.#beforeWrite);
  }

  /**
   * Make a finished file the object under its key. The check, the rename and the index are one synchronous step:
   * of any number of conditional writes of a key, each sees the outcome of the one before.
   *
   * @throws {S3Error} PreconditionFailed, NoSuchKey or NoSuchBucket; the object is then as it was
   */
  commit(bucket: Bucket, writer: ObjectWriter, info: ObjectInfo, condition: WriteCondition): void {
    if (this.bucket(bucket.name) !== bucket) throw new S3Error('NoSuchBucket', `bucket ${bucket.name} was deleted`);
    checkWrite(condition, bucket.objects.get(info.key));
    writer.moveTo(objectPath(bucket, info.key));
    bucket.objects.set(info.key, info);
  }

  /** Remove an object. Does nothing when there is none and no condition requires one. */
  remove(bucket: Bucket, key: string, condition: WriteCondition): void {
    const info = bucket.objects.get(key);
    checkWrite(condition, info);
    if (!info) return;
    unlinkSync(objectPath(bucket, key));
    bucket.objects.delete(key);
  }

  /** Let another process open the folder. */
  close(): void {
    releaseFolder(this.dataDir);
  }

  #openBucket(name: string): void {
    const folder = join(this.dataDir, 'buckets', name);
    const objects = join(folder, 'objects');
    const uploads = join(folder, 'uploads');
    mkdirSync(objects, { recursive: true });
    mkdirSync(uploads, { recursive: true });
    const found: [string, ObjectInfo][] = [];
    for (const file of readdirSync(objects)) {
      const info = this.#readWhole(join(objects, file));
      if (info) found.push([info.key, info]);
    }
    this.buckets.set(name, {
      name,
      // the folder's own entries never change after it was made
      createdMs: statSync(folder).mtimeMs,
      folder,
      objects: new KeyIndex(found),
      uploads: readUploads(uploads, (path) => this.#readWhole(path)),
    });
  }

  /** The footer of a file; a file without one is moved aside, so that it never prevents the rest from being served. */
  #readWhole(path: string): ObjectInfo | undefined {
    try {
      return readObjectInfo(path);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof SyntaxError)) throw error;
      const aside = join(this.dataDir, 'damaged');
      mkdirSync(aside, { recursive: true });
      renameSync(path, join(aside, `${Date.now()}-${this.damaged.length}`));
      this.damaged.push(path);
      return undefined;
    }
  }
}

/** @throws {S3Error} NoSuchKey */
export function findObject(bucket: Bucket, key: string): ObjectInfo {
  const info = bucket.objects.get(key);
  if (!info) throw new S3Error('NoSuchKey', `no object ${key} in bucket ${bucket.name}`);
  return info;
}

/** Open the file of an object that the index holds now. Replacing or removing the object does not change the open file. */
export function openObject(bucket: Bucket, key: string): number {
  return openSync(objectPath(bucket, key), 'r');
}

function objectPath(bucket: Bucket, key: string): string {
  return join(bucket.folder, 'objects', createHash('sha256').update(key).digest('hex'));
}
