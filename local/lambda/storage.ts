// The size of a sandbox's temporary folder. The folder is not a separate file system, so a sandbox can write past its
// limit; it is therefore polled, and a sandbox beyond the limit ends.

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EPHEMERAL_STORAGE_MIB } from './limits.ts';
import type { LocalFunction } from './options.ts';

/** Maximum size of a function's temporary folder. */
export function storageMiB({ ephemeralStorageMiB }: LocalFunction): number {
  return ephemeralStorageMiB ?? EPHEMERAL_STORAGE_MIB;
}

/** Bytes of all files below a folder; 0 when the folder does not exist. */
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
