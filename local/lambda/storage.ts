// How much a sandbox keeps in its temporary folder. Without a file system of its own it can write past its limit, so
// the folder is looked at, and the sandbox ends.

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of all files below a folder; 0 when there is none. */
export function folderBytes(folder: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      bytes += entry.isDirectory() ? folderBytes(path) : lstatSync(path).size;
    }
  } catch {
    // removed meanwhile
  }
  return bytes;
}
