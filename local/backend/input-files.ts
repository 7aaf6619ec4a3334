// Files of this machine that a command line names: a path, a folder, or a pattern.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { s3Store } from '../../lib/aws/s3-store.ts';
import { InputError } from '../../lib/base/errors.ts';
import { compilePattern, type Objects, type PinnedObject } from '../../lib/store/objects.ts';

/**
 * Files at a path, in the order of their names: one file, those of a folder, or those that a pattern of `*`, `**` and
 * `?` matches. Names that begin with `_` or `.` are none of a folder's or pattern's.
 *
 * @param called what messages call it
 * @throws {InputError} when there is none
 */
export async function findFiles(path: string, called = `--data ${path}`): Promise<string[]> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile()) return [path];
  const pattern = info?.isDirectory() ? join(path, '**') : path;
  const first = pattern.search(/[*?]/);
  if (first < 0) throw new InputError(`${called}: no such file`);
  const root = pattern.slice(0, pattern.lastIndexOf(sep, first) + 1);
  const { matches } = compilePattern(pattern);
  const entries = await readdir(root || '.', { recursive: true, withFileTypes: true }).catch(() => []);
  const found = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => (root === '' && file.startsWith(`.${sep}`) ? file.slice(2) : file))
    .filter(matches)
    .sort();
  if (found.length === 0) throw new InputError(`${called}: no file found`);
  return found;
}

/** SHA-256 of a file, in lower-case hexadecimal. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file, { highWaterMark: 1024 ** 2 })) hash.update(bytes);
  return hash.digest('hex');
}

/** Read-only objects for files on this machine, pinned by size and modification time. */
const LOCAL_FILES: Objects = {
  async find(path) {
    return Promise.all((await findFiles(path, path)).map(pin));
  },
  async read(object, start, end) {
    const file = await open(object.uri);
    try {
      const bytes = new Uint8Array(end - start);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, start + length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      if (length < bytes.length || (await pin(object.uri)).etag !== object.etag) {
        throw new InputError(`${object.uri} has changed while it was read`);
      }
      return bytes;
    } finally {
      await file.close();
    }
  },
};

/**
 * The objects behind some locations: all on this machine, or all in S3.
 *
 * @throws {InputError} on a mixture
 */
export function objectsAt(locations: readonly string[]): Objects {
  const numRemote = locations.filter((location) => location.startsWith('s3://')).length;
  if (numRemote === 0) return LOCAL_FILES;
  if (numRemote < locations.length) throw new InputError('files of this machine and of S3 cannot be read together');
  return s3Store('none').objects; // objects are named in full: the bucket has no say
}

async function pin(file: string): Promise<PinnedObject> {
  const { size, mtimeMs } = await stat(file);
  return { uri: file, size, etag: `${size}-${mtimeMs}` };
}

/** Names of files, each with the fewest parent folders that make it unique. */
export function uniqueNames(files: readonly string[]): string[] {
  const paths = files.map((file) => resolve(file).split(sep).filter(Boolean));
  const names = paths.map((path) => path.at(-1)!);
  const isLonger = new Set(paths.keys());
  for (let numParts = 1; isLonger.size > 0; numParts++) {
    const counts = new Map<string, number>();
    for (const i of isLonger) {
      names[i] = paths[i].slice(-numParts).join('/');
      counts.set(names[i], (counts.get(names[i]) ?? 0) + 1);
    }
    for (const i of isLonger) if (counts.get(names[i]) === 1 || numParts >= paths[i].length) isLonger.delete(i);
  }
  return names;
}

/** Where an uploaded file lies: below its hash, so that the same file is uploaded once. */
export function uploadKey(name: string, sha256: string): string {
  return `data/${sha256.slice(0, 16)}/${name}`;
}
