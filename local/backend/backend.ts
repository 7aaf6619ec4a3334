// The backend of runs: a stack on AWS, or an emulator's folder on this machine. Opened here, it serves commands that read,
// cancel or remove runs; unfinished runs do not resume.

import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { s3Store } from '../../lib/aws/s3-store.ts';
import { InputError } from '../../lib/base/errors.ts';
import type { Objects } from '../../lib/store/objects.ts';
import type { Store } from '../../lib/store/store.ts';
import { findEmulator, startEmulator } from '../emulator/emulator.ts';
import { BUCKET, LOCAL_CREDENTIALS, LOCAL_REGION } from '../emulator/options.ts';
import { startS3Server } from '../s3/server.ts';
import { attach, untilAlone } from './emulator-users.ts';
import { joinEmulator } from './join-emulator.ts';
import { localTarget, stackTarget, type Target } from './local-target.ts';

/** Options that name a backend. */
export interface BackendFlags {
  on: 'local' | 'aws';
  stack: string;
  dataDir: string;
}

export interface OpenTarget {
  target: Target;
  close(): Promise<void>;
}

export interface OpenStore {
  store: Store;
  /** Objects of any bucket. */
  objects: Objects;
  /** Another bucket of the same backend. */
  bucket(name: string): Store;
  close(): Promise<void>;
}

/**
 * The stack on AWS, the emulator that is up in the folder, or one that is up until `close`.
 *
 * @throws {InputError} when nothing has run there
 */
export async function openTarget({ on, stack, dataDir }: BackendFlags): Promise<OpenTarget> {
  if (on === 'aws') return { target: await stackTarget(stack), close: async () => {} };
  await requireRuns(dataDir);
  const distDir = dirname(fileURLToPath(import.meta.url));
  const joined = await joinEmulator(dataDir, () =>
    startEmulator({ dataDir, workers: 1, distDir, resumes: () => false }),
  );
  if ('running' in joined) return { target: localTarget(joined.running), close: await attach(dataDir) };
  const { started } = joined;
  return { target: localTarget(started), close: () => untilAlone(dataDir).then(() => started.close()) };
}

/**
 * The objects alone, for what only reads: no functions are needed, so that no emulator is started for it.
 *
 * @throws {InputError} when nothing has run there
 */
export async function openStore({ on, stack, dataDir }: BackendFlags): Promise<OpenStore> {
  if (on === 'aws') {
    const { store, bucket } = await stackTarget(stack);
    return { store, objects: s3Store(bucket).objects, bucket: (name) => s3Store(name), close: async () => {} };
  }
  const running = await findEmulator(dataDir);
  const server = running ? undefined : await startS3Server({ dataDir: await requireRuns(dataDir), port: 0 });
  const access = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, endpoint: running?.s3 ?? server!.url };
  const store = s3Store(BUCKET, access);
  return {
    store,
    objects: store.objects,
    bucket: (name) => s3Store(name, access),
    close: async () => server?.close(),
  };
}

/** The folder of the objects. */
async function requireRuns(dataDir: string): Promise<string> {
  const folder = join(dataDir, 's3');
  await access(folder).catch(() => {
    throw new InputError(
      `there are no runs in ${dataDir}; name another folder with --data-dir, or start one with arvoredo run`,
    );
  });
  return folder;
}
