// A user's objects in memory.

import { createHash } from 'node:crypto';
import { changedError, compilePattern, type Objects, parseLocation } from '../lib/store/objects.ts';

/** @param files bytes by location; may change while it is in use */
export function memoryObjects(files: Record<string, Uint8Array | string>): Objects {
  const bytesOf = (uri: string) => Buffer.from(files[uri]);
  const etagOf = (uri: string) => createHash('md5').update(bytesOf(uri)).digest('hex');
  return {
    async find(location) {
      const { bucket, key } = parseLocation(location);
      const { matches } = compilePattern(key);
      const uris = Object.keys(files).filter((uri) => {
        const found = parseLocation(uri);
        return found.bucket === bucket && matches(found.key);
      });
      return uris.sort().map((uri) => ({ uri, size: bytesOf(uri).length, etag: etagOf(uri) }));
    },
    async read({ uri, etag }, start, end) {
      if (!(uri in files) || etagOf(uri) !== etag) throw changedError(uri);
      return bytesOf(uri).subarray(start, end);
    },
  };
}
