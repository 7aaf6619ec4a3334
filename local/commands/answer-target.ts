// Where an answer goes: one file, or a folder of files, here or in S3.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../lib/base/errors.ts';
import { OUTPUT_FORMATS, OUTPUTS, type OutputFormat } from '../../lib/predict/output.ts';
import { partName } from '../../lib/store/keys.ts';
import type { Store } from '../../lib/store/store.ts';
import { writeWhole } from './atomic-file.ts';
import { withFolderStore } from './folder-store.ts';

/** Takes the answers to the parts, in their order. */
export type TakePart = (file: Uint8Array, partIndex: number) => Promise<void>;

export interface AnswerTarget {
  format: OutputFormat;
  /** Do what gives the parts; nothing is left of a file when that fails. */
  write(work: (take: TakePart) => Promise<void>): Promise<number>;
}

/**
 * @param out a file that ends in a format's name, or a folder or S3 prefix that ends in `/`
 * @param format of the files of a folder
 * @param isResumed whether a folder may have files already, of the same answer
 * @param openBucket of a bucket's name
 * @throws {InputError} on a place of another kind
 */
export function answerTarget(
  out: string,
  format: OutputFormat | undefined,
  isResumed: boolean,
  openBucket: (name: string) => Promise<Store>,
): AnswerTarget {
  const isFolder = out.endsWith('/');
  const named = OUTPUT_FORMATS.find((name) => out.toLowerCase().endsWith(`.${name}`));
  if (out.startsWith('s3://')) {
    const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(out) ?? [];
    if (!bucket || !isFolder) {
      throw new InputError(`--out in S3 must be a prefix that ends in /, for a file of each part, got ${out}`);
    }
    return inBucket(out, prefix, format ?? 'csv', isResumed, () => openBucket(bucket));
  }
  if (isFolder) return inFolder(out, format ?? 'csv', isResumed);
  if (!named) {
    throw new InputError(`--out must end in ${OUTPUT_FORMATS.map((name) => `.${name}`).join(', ')} or /, got ${out}`);
  }
  if (format && format !== named) throw new InputError(`--format ${format} and --out ${out} contradict each other`);
  return oneFile(out, named);
}

function oneFile(out: string, format: OutputFormat): AnswerTarget {
  return {
    format,
    write: (work) =>
      writeWhole(out, async (append) => {
        const joiner = OUTPUTS[format].join();
        await work(async (file) => {
          for (const piece of joiner.add(file)) await append(piece);
        });
        for (const piece of joiner.end()) await append(piece);
      }),
  };
}

function notEmpty(out: string): InputError {
  return new InputError(`--out ${out} is not empty; name another, or remove what is in it`);
}

function inFolder(out: string, format: OutputFormat, isResumed: boolean): AnswerTarget {
  return {
    format,
    async write(work) {
      await mkdir(out, { recursive: true }).catch((error: Error) => {
        throw new InputError(`--out ${out} cannot be written: ${error.message}`);
      });
      if (!isResumed && (await readdir(out)).length > 0) throw notEmpty(out);
      return whenWhole(work, (file, i) => writeWhole(join(out, partName(i, format)), (append) => append(file)));
    },
  };
}

function inBucket(
  out: string,
  prefix: string,
  format: OutputFormat,
  isResumed: boolean,
  open: () => Promise<Store>,
): AnswerTarget {
  return {
    format,
    async write(work) {
      const store = await open();
      if (!isResumed && (await store.list(prefix)).length > 0) throw notEmpty(out);
      return whenWhole(work, (file, i) => store.create(`${prefix}${partName(i, format)}`, file));
    },
  };
}

/** Put the files of all parts in their place once there are all of them; gives their bytes. */
function whenWhole(
  work: (take: TakePart) => Promise<void>,
  put: (file: Uint8Array, partIndex: number) => Promise<unknown>,
): Promise<number> {
  return withFolderStore(async (waiting) => {
    let numParts = 0;
    await work(async (file, i) => {
      await waiting.create(String(i), file);
      numParts = i + 1;
    });
    let bytes = 0;
    for (let i = 0; i < numParts; i++) {
      const file = await waiting.get(String(i));
      await put(file, i);
      bytes += file.length;
    }
    return bytes;
  });
}
