// Opens the place where runs are, to look at them, cancel or remove them: nothing that was left unfinished goes on.

import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../lib/errors.ts';
import { attach, untilAlone } from './attach.ts';
import { startEmulator } from './emulator.ts';
import { joinEmulator } from './join-emulator.ts';
import { localTarget, stackTarget, type Target } from './target.ts';

/** Options that name a place. */
export interface PlaceFlags {
  on: 'local' | 'aws';
  stack: string;
  dataDir: string;
}

export interface OpenTarget {
  target: Target;
  close(): Promise<void>;
}

/**
 * The stack on AWS, the emulator that is up in the folder, or one that is up until `close`.
 *
 * @throws {InputError} when nothing has run there
 */
export async function openTarget({ on, stack, dataDir }: PlaceFlags): Promise<OpenTarget> {
  if (on === 'aws') return { target: await stackTarget(stack), close: async () => {} };
  await access(join(dataDir, 's3')).catch(() => {
    throw new InputError(
      `there are no runs in ${dataDir}; name another folder with --data-dir, or start one with arvoredo run`,
    );
  });
  const distDir = dirname(fileURLToPath(import.meta.url));
  const joined = await joinEmulator(dataDir, () =>
    startEmulator({ dataDir, workers: 1, distDir, resumes: () => false }),
  );
  if ('running' in joined) return { target: localTarget(joined.running), close: await attach(dataDir) };
  const { started } = joined;
  return { target: localTarget(started), close: () => untilAlone(dataDir).then(() => started.close()) };
}
