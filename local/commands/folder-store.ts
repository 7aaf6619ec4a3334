// A store in a folder of this machine, for what one command needs while it runs and memory may not hold.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NotFoundError } from '../../lib/base/errors.ts';
import type { Store } from '../../lib/store/store.ts';

const hasCode = (error: unknown, code: string) => (error as { code?: string }).code === code;

/** @param folder exists, and has nothing but what the store put there */
export function folderStore(folder: string): Store {
  const pathOf = (key: string) => join(folder, encodeURIComponent(key));
  const keysIn = async (prefix: string) =>
    (await readdir(folder))
      .map(decodeURIComponent)
      .filter((key) => key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return {
    async get(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if (hasCode(error, 'ENOENT')) throw new NotFoundError(`no object ${key}`, { cause: error });
        throw error;
      }
    },
    async create(key, bytes) {
      try {
        await writeFile(pathOf(key), bytes, { flag: 'wx' });
        return true;
      } catch (error) {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      }
    },
    replace: (key, bytes) => writeFile(pathOf(key), bytes),
    list: keysIn,
    async listFolders(prefix) {
      const rests = (await keysIn(prefix)).map((key) => key.slice(prefix.length)).filter((rest) => rest.includes('/'));
      return [...new Set(rests.map((rest) => rest.slice(0, rest.indexOf('/'))))];
    },
    remove: (key) => rm(pathOf(key), { force: true }),
  };
}

/** Give a store for the time of some work; its folder is removed then. */
export async function withFolderStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'arvoredo-'));
  try {
    return await work(folderStore(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
