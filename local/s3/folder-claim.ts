// One server per data folder: a second one would delete the first one's unfinished files.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConflictError } from '../../lib/errors.ts';

const claimPath = (folder: string) => join(folder, 'server.pid');

/** @throws {ConflictError} when a process that still runs has the folder; a dead one's claim is taken over */
export function claimFolder(folder: string): void {
  const path = claimPath(folder);
  let owner = 0;
  try {
    owner = Number(readFileSync(path, 'utf8'));
  } catch {
    // nobody has it
  }
  // in a container each start may have the same pid as the one before, which is dead
  if (owner > 0 && owner !== process.pid && isRunning(owner))
    throw new ConflictError(`${folder} is in use by process ${owner}; stop it, or delete ${path} if that is no server`);
  writeFileSync(path, String(process.pid));
}

export function releaseFolder(folder: string): void {
  rmSync(claimPath(folder), { force: true });
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
