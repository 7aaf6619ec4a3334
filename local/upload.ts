// Local files of a run: put into the emulator's bucket, where its functions read them as they would on AWS.

import { InputError } from '../lib/errors.ts';
import { BUCKET } from './emulator.ts';
import { findFiles, hashFile, uploadKey } from './files.ts';
import type { Target } from './target.ts';

export interface Upload {
  file: string;
  key: string;
}

/**
 * Replace paths among the data by where the files will lie. Functions never read this machine's files: whoever may ask
 * for a run could read them all.
 *
 * @throws {InputError} on a path with `--on aws`, or one where nothing is
 */
export async function findUploads(
  given: Record<string, unknown>,
  on: 'local' | 'aws',
): Promise<{ given: Record<string, unknown>; uploads: Upload[] }> {
  const { data } = given;
  if (!Array.isArray(data)) return { given, uploads: [] };
  const uploads: Upload[] = [];
  const locations: string[] = [];
  for (const location of data as string[]) {
    if (location.startsWith('s3://')) {
      locations.push(location);
      continue;
    }
    if (on === 'aws') {
      throw new InputError(
        `--data ${location}: with --on aws data must be in S3; copy it there with: aws s3 cp ${location} s3://BUCKET/data/, into the stack's bucket`,
      );
    }
    for (const file of await findFiles(location)) {
      const key = uploadKey(file, await hashFile(file));
      uploads.push({ file, key });
      locations.push(`s3://${BUCKET}/${key}`);
    }
  }
  return { given: { ...given, data: locations }, uploads };
}

/** Upload the files that are not there yet. */
export async function uploadFiles(
  { uploadFile }: Pick<Target, 'uploadFile'>,
  uploads: readonly Upload[],
): Promise<void> {
  for (const { file, key } of uploads) await uploadFile(file, key);
}
