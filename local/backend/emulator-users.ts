// Runs that share one emulator: its owner stays until the others are done.

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const folderOf = (dataDir: string) => join(dataDir, 'clients');

/** Tell the emulator's owner that this process uses it; gives what takes it back. */
export async function attach(dataDir: string): Promise<() => Promise<void>> {
  const file = join(folderOf(dataDir), String(process.pid));
  await mkdir(folderOf(dataDir), { recursive: true });
  await writeFile(file, '');
  return () => rm(file, { force: true });
}

/** Processes that use the emulator of a folder; those that died without a word are not among them. */
export async function attached(dataDir: string): Promise<number[]> {
  const names = await readdir(folderOf(dataDir)).catch(() => []);
  return names.map(Number).filter((pid) => pid !== process.pid && isAlive(pid));
}

/** Wait until no other process uses the emulator of a folder, or `signal` is aborted. */
export async function untilAlone(dataDir: string, signal?: AbortSignal): Promise<void> {
  for (let waits = 0; !signal?.aborted && (await attached(dataDir)).length > 0; waits++) {
    if (waits === 0) console.error('another run uses this emulator: it stays until that is done');
    await sleep(200, undefined, { signal }).catch(() => {});
  }
}

/** Whether there is a process of this id. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
