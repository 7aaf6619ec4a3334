// A store over two buckets: partitions of rows lie in a directory bucket (S3 Express One Zone), all else in the main one.

import { NotFoundError } from '../base/errors.ts';
import type { MeasuredStore, Store, StoreUsage } from '../store/store.ts';

/** Folders of a run whose partitions, each written and read once or twice, are worth a zone. */
export const PARTITION_FOLDERS = ['dataset', 'train', 'test', 'validation'] as const;

const PARTITION = new RegExp(`^runs/[^/]+/(?:${PARTITION_FOLDERS.join('|')})/[^/]+\\.arrow$`);

/** @param partitions store of the directory bucket, whose lists have no order */
export function withPartitions(main: MeasuredStore, partitions: MeasuredStore): MeasuredStore {
  const of = (key: string): Store => (PARTITION.test(key) ? partitions : main);
  return {
    objects: main.objects,
    get usage() {
      return addAll(main.usage, partitions.usage);
    },
    async get(key) {
      try {
        return await of(key).get(key);
      } catch (error) {
        // a run that began before there was a directory bucket has its partitions beside the rest
        if (of(key) === partitions && error instanceof NotFoundError) return main.get(key);
        throw error;
      }
    },
    create: (key, bytes, contentType) => of(key).create(key, bytes, contentType),
    replace: (key, bytes, contentType) => of(key).replace(key, bytes, contentType),
    remove: (key) => of(key).remove(key),
    async list(prefix) {
      const [keys, others] = await Promise.all([main.list(prefix), listPartitions(partitions, prefix)]);
      return [...keys, ...others].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    },
    // what has partitions has other objects, too
    listFolders: (prefix) => main.listFolders(prefix),
  };
}

/** A directory bucket takes prefixes that end in a slash only. */
async function listPartitions(partitions: Store, prefix: string): Promise<string[]> {
  const [runs = '', , folder = ''] = prefix.split('/');
  const isAbout = 'runs'.startsWith(runs) && PARTITION_FOLDERS.some((name) => name.startsWith(folder));
  if (!isAbout) return [];
  const keys = await partitions.list(prefix.slice(0, prefix.lastIndexOf('/') + 1));
  return keys.filter((key) => key.startsWith(prefix));
}

function addAll(a: StoreUsage, b: StoreUsage): StoreUsage {
  return {
    writes: a.writes + b.writes,
    reads: a.reads + b.reads,
    bytesWritten: a.bytesWritten + b.bytesWritten,
    bytesRead: a.bytesRead + b.bytesRead,
  };
}
