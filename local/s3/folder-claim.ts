// One server per data folder: a second one would delete the first one's unfinished files.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConflictError } from '../../lib/base/errors.ts';

const TRIES = 50;
const PAUSE_MS = 10;

const claimPath = (folder: string) => join(folder, 'server.pid');

/** @throws {ConflictError} when a running process uses the folder; a dead process's claim is taken over */
export function claimFolder(folder: string): void {
  const path = claimPath(folder);
  for (let attempt = 1; !create(path); attempt++) {
    const owner = read(path);
    // in a container each start may have the same pid as the one before, which is dead
    if (owner > 0 && owner !== process.pid && isRunning(owner)) {
      const hint = `delete ${path} only if that process is another program`;
      throw new ConflictError(`${folder} is in use by process ${owner}; stop it, or ${hint}`);
    }
    // an empty claim is being written just now, or by one that was killed at it
    if (owner === 0 && attempt < TRIES) pause(PAUSE_MS);
    else takeAway(path, owner);
  }
}

export function releaseFolder(folder: string): void {
  rmSync(claimPath(folder), { force: true });
}

/** @returns false when a claim exists: of many concurrent calls, one creates it */
function create(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** @returns 0 when the claim does not exist or does not hold a process id */
function read(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** Remove a dead claim. Another process may have replaced it meanwhile: that claim is put back. */
function takeAway(path: string, owner: number): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return; // another process was faster
    throw error;
  }
  if (read(aside) === owner) rmSync(aside);
  else renameSync(aside, path);
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // runs, as another user
  }
  return !isZombie(pid);
}

/** Whether a process is dead and waits for its parent to notice, which in a container without an init may be never. */
function isZombie(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/s, ''));
  } catch {
    return false; // no /proc on this system
  }
}
