// Several commands on one folder: the first starts its emulator, the others use that.

import { setTimeout as sleep } from 'node:timers/promises';
import { ConflictError } from '../../lib/base/errors.ts';
import { findEmulator } from '../emulator/emulator.ts';
import type { Emulator, EmulatorInfo } from '../emulator/options.ts';

const POLL_MS = 100;
/** An emulator is up in a second; a folder with very many objects takes longer. */
const WAIT_MS = 60_000;

/**
 * The emulator that is up in a folder, or else one that is started now. While another process is about to have one up
 * there, that one is waited for.
 *
 * @param signal ends the waiting with its reason
 * @throws {ConflictError} when a process has the folder and no emulator comes up in it
 */
export async function joinEmulator(
  dataDir: string,
  start: () => Promise<Emulator>,
  signal?: AbortSignal,
): Promise<{ running: EmulatorInfo } | { started: Emulator }> {
  for (const untilMs = Date.now() + WAIT_MS; ; ) {
    signal?.throwIfAborted();
    const running = await findEmulator(dataDir);
    if (running) return { running };
    try {
      return { started: await start() };
    } catch (error) {
      // another emulator may have started since the check
      if (!(error instanceof ConflictError) || Date.now() > untilMs) throw error;
      await sleep(POLL_MS);
    }
  }
}
