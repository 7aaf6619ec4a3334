// Local files of a run: put into the emulator's bucket, where its functions read them as they would on AWS.

import { InputError } from '../../lib/base/errors.ts';
import { BUCKET } from '../emulator/options.ts';
import { findFiles, hashFile, uniqueNames, uploadKey } from './input-files.ts';
import type { Target } from './local-target.ts';

export interface Upload {
  file: string;
  key: string;
}

/**
 * Replace local paths in the data with the locations of their uploads. Functions never read this machine's files; otherwise
 * anyone who may start a run could read them all.
 *
 * @throws {InputError} on a path with `--on aws`, or one where nothing is
 */
export async function findUploads(
  given: Record<string, unknown>,
  on: 'local' | 'aws',
): Promise<{ given: Record<string, unknown>; uploads: Upload[] }> {
  const { data } = given;
  if (!Array.isArray(data)) return { given, uploads: [] };
  const filesOf = new Map<string, string[]>();
  for (const location of data as string[]) {
    if (location.startsWith('s3://')) continue;
    if (on === 'aws') {
      throw new InputError(
        `--data ${location}: with --on aws data must be in S3; copy it there with: aws s3 cp ${location} s3://BUCKET/data/, into the stack's bucket`,
      );
    }
    filesOf.set(location, await findFiles(location));
  }
  const uploads = await listUploads([...filesOf.values()].flat());
  const keyOf = new Map(uploads.map(({ file, key }) => [file, key]));
  const locations = (data as string[]).flatMap(
    (location) => filesOf.get(location)?.map((file) => `s3://${BUCKET}/${keyOf.get(file)}`) ?? [location],
  );
  return { given: { ...given, data: locations }, uploads };
}

/** Where files will lie, each once. */
export async function listUploads(files: readonly string[]): Promise<Upload[]> {
  const distinct = [...new Set(files)];
  const names = uniqueNames(distinct);
  const uploads: Upload[] = [];
  for (const [i, file] of distinct.entries()) uploads.push({ file, key: uploadKey(names[i], await hashFile(file)) });
  return uploads;
}

/** Upload the files that are not there yet. */
export async function uploadFiles(
  { uploadFile }: Pick<Target, 'uploadFile'>,
  uploads: readonly Upload[],
): Promise<void> {
  for (const { file, key } of uploads) await uploadFile(file, key);
}
