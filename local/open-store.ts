// The objects of earlier runs, here or on AWS, for commands that only read.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../lib/errors.ts';
import type { Objects } from '../lib/objects.ts';
import { s3Store } from '../lib/s3-store.ts';
import type { Store } from '../lib/store.ts';
import { BUCKET, findEmulator, LOCAL_CREDENTIALS, LOCAL_REGION } from './emulator.ts';
import type { PlaceFlags } from './open-target.ts';
import { startS3Server } from './s3/server.ts';
import { stackTarget } from './target.ts';

export interface OpenStore {
  store: Store;
  /** Objects of any bucket. */
  objects: Objects;
  /** Another bucket of the same place. */
  bucket(name: string): Store;
  close(): Promise<void>;
}

/**
 * The store of a stack, of the emulator that is up, or of one that isn't: then its objects alone are served.
 *
 * @throws {InputError} when there is no such place
 */
export async function openStore({ on, stack, dataDir }: PlaceFlags): Promise<OpenStore> {
  if (on === 'aws') {
    const { store, bucket } = await stackTarget(stack);
    return { store, objects: s3Store(bucket).objects, bucket: (name) => s3Store(name), close: async () => {} };
  }
  const running = await findEmulator(dataDir);
  const folder = join(dataDir, 's3');
  if (!running && !existsSync(folder))
    throw new InputError(`there are no runs in ${dataDir}; name its folder with --data-dir`);
  const server = running ? undefined : await startS3Server({ dataDir: folder, port: 0 });
  const access = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, endpoint: running?.s3 ?? server!.url };
  const store = s3Store(BUCKET, access);
  return {
    store,
    objects: store.objects,
    bucket: (name) => s3Store(name, access),
    close: async () => server?.close(),
  };
}
