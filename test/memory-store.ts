// A store in memory: for tests, and the plain twin of the one on S3.

import { NotFoundError } from '../lib/base/errors.ts';
import type { Store } from '../lib/store/store.ts';

export function memoryStore(): Store {
  const objects = new Map<string, Uint8Array>();
  const keysIn = (prefix: string) =>
    [...objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return {
    async get(key) {
      const bytes = objects.get(key);
      if (bytes === undefined) throw new NotFoundError(`no object ${key}`);
      return bytes.slice();
    },
    async create(key, bytes) {
      if (objects.has(key)) return false;
      objects.set(key, bytes.slice());
      return true;
    },
    async replace(key, bytes) {
      objects.set(key, bytes.slice());
    },
    async list(prefix) {
      return keysIn(prefix);
    },
    async listFolders(prefix) {
      const names = keysIn(prefix)
        .map((key) => key.slice(prefix.length))
        .filter((rest) => rest.includes('/'))
        .map((rest) => rest.slice(0, rest.indexOf('/')));
      return [...new Set(names)];
    },
    async remove(key) {
      objects.delete(key);
    },
  };
}
