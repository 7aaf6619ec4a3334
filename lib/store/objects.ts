// Objects that hold a user's data, anywhere in S3: found once, and then read as they were.

import { InputError } from '../base/errors.ts';

/** An object as it was when it was found. */
export interface PinnedObject {
  uri: string;
  size: number;
  /** Changes with the object's bytes. */
  etag: string;
}

export interface Objects {
  /**
   * Objects of a location, in the order of their keys: one object, all below a prefix that ends in `/`, or those that
   * match a pattern of `*`, `**` and `?`. Empty names, and those beginning with `_` or `.`, are not among them.
   *
   * @throws {InputError} when the location is not `s3://bucket/key`
   */
  find(location: string): Promise<PinnedObject[]>;
  /**
   * Bytes [start, end).
   *
   * @throws {InputError} when the object has changed since it was found
   */
  read(object: PinnedObject, start: number, end: number): Promise<Uint8Array>;
}

export function changedError(uri: string): InputError {
  return new InputError(
    `${showName(uri)} has changed since this run began to read it; start another run, and leave its files alone while it reads`,
  );
}

/** What messages call an object: a file that was uploaded by its own name, with folders where others have it too; others in full. */
export function showName(uri: string): string {
  return /^s3:\/\/[^/]+\/data\/[0-9a-f]{16}\/(.+)$/s.exec(uri)?.[1] ?? uri;
}

/** @throws {InputError} when it is not `s3://bucket/key` */
export function parseLocation(location: string): { bucket: string; key: string } {
  const found = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/s.exec(location);
  if (!found)
    throw new InputError(
      `data must be given as s3://bucket/key, s3://bucket/prefix/ or a pattern of these, got ${JSON.stringify(location)}`,
    );
  return { bucket: found[1], key: found[2] };
}

/** What a pattern's keys begin with, and whether a key matches it. */
export function compilePattern(pattern: string): { prefix: string; matches: (key: string) => boolean } {
  const first = pattern.search(/[*?]/);
  if (first < 0) {
    const isFolder = pattern.endsWith('/');
    return { prefix: pattern, matches: (key) => (isFolder ? isTableName(key) : key === pattern) };
  }
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\?)/).map((part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  const expression = new RegExp(`^${parts.join('')}$`, 's');
  return { prefix: pattern.slice(0, first), matches: (key) => expression.test(key) && isTableName(key) };
}

/** Folders and what tools leave beside their files are no tables. */
export function isTableName(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name !== '' && !name.startsWith('_') && !name.startsWith('.');
}
