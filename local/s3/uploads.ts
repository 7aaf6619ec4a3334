// Multipart uploads on the disk: a folder each, holding a file `upload` and one file per part, named by its number.

import { mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyIndex } from './key-index.ts';
import type { ObjectInfo, ObjectWriter } from './object-file.ts';
import { S3Error } from './s3-error.ts';

export interface Upload {
  id: string;
  folder: string;
  /** Key and headers of the future object. `modifiedMs` is the start; a checksum has algorithm and type only. */
  info: ObjectInfo;
  parts: Map<number, ObjectInfo>;
}

/** @throws {S3Error} NoSuchUpload */
export function findUpload(bucket: Bucket, id: string, key: string): Upload {
  const upload = bucket.uploads.get(id);
  if (upload?.info.key !== key)
    throw new S3Error('NoSuchUpload', `no upload ${id} of ${key}; it may have been completed or aborted`);
  return upload;
}

export function addUpload(bucket: Bucket, id: string, info: ObjectInfo, writer: ObjectWriter): void {
  const folder = join(bucket.folder, 'uploads', id);
  mkdirSync(folder);
  writer.moveTo(join(folder, 'upload'));
  bucket.uploads.set(id, { id, folder, info, parts: new Map() });
}

/** Put a finished file in place as a part, over an earlier one of its number. */
export function addPart(upload: Upload, number: number, info: ObjectInfo, writer: ObjectWriter): void {
  writer.moveTo(join(upload.folder, String(number)));
  upload.parts.set(number, info);
}

export function openPart(upload: Upload, number: number): number {
  return openSync(join(upload.folder, String(number)), 'r');
}

/** @param discarded a free path in the file system of the uploads, where the folder is moved to be removed */
export function removeUpload(bucket: Bucket, upload: Upload, discarded: string): void {
  renameSync(upload.folder, discarded);
  bucket.uploads.delete(upload.id);
  rmSync(discarded, { recursive: true, force: true });
}

/**
 * Read the uploads of a bucket at a start.
 *
 * @param read the footer of a file, undefined for one that is not whole
 */
export function readUploads(folder: string, read: (path: string) => ObjectInfo | undefined): Map<string, Upload> {
  const uploads = new Map<string, Upload>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const id = entry.name;
    const uploadFolder = join(folder, id);
    let info: ObjectInfo | undefined;
    const parts = new Map<number, ObjectInfo>();
    for (const file of readdirSync(uploadFolder)) {
      const found = read(join(uploadFolder, file));
      if (found && file === 'upload') info = found;
      else if (found) parts.set(Number(file), found);
    }
    // without `upload` the server died before it returned the id to a client
    if (info) uploads.set(id, { id, folder: uploadFolder, info, parts });
    else rmSync(uploadFolder, { recursive: true, force: true });
  }
  return uploads;
}

export interface Bucket {
  name: string;
  createdMs: number; // since 1970
  folder: string;
  objects: KeyIndex<ObjectInfo>;
  /** Multipart uploads that are neither completed nor aborted, by their id. */
  uploads: Map<string, Upload>;
}
