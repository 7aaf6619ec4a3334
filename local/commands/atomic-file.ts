// Files that are there whole or not at all.

import { open, rename, rm } from 'node:fs/promises';
import { InputError } from '../../lib/base/errors.ts';

/**
 * Write a file next to its destination and rename it when it is complete.
 *
 * @param write given what appends to it
 * @returns bytes written
 * @throws {InputError} when the file can't be made
 */
export async function writeWhole(
  path: string,
  write: (append: (piece: Uint8Array | string) => Promise<void>) => Promise<void>,
): Promise<number> {
  const partial = `${path}.${process.pid}.part`;
  const file = await open(partial, 'w').catch((error: Error) => {
    throw new InputError(`--out ${path} cannot be written: ${error.message}`);
  });
  let bytes = 0;
  try {
    await write(async (piece) => {
      const data = typeof piece === 'string' ? Buffer.from(piece) : piece;
      for (let at = 0; at < data.length; ) at += (await file.write(data, at)).bytesWritten;
      bytes += data.length;
    });
    await file.close();
    await rename(partial, path);
    return bytes;
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}
