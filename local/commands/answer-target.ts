// The output target of a prediction: one file, or a folder of files, on this machine or in S3.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../lib/base/errors.ts';
import { OUTPUT_FORMATS, OUTPUTS, type OutputFormat } from '../../lib/predict/output.ts';
import { partName } from '../../lib/store/keys.ts';
import type { Store } from '../../lib/store/store.ts';
import { writeWhole } from './atomic-file.ts';
import { withFolderStore } from './folder-store.ts';

/** Receives the predictions of each part, in order. */
export type TakePart = (file: Uint8Array, partIndex: number) => Promise<void>;

export interface AnswerTarget {
  format: OutputFormat;
  /** Run the work that yields the parts, and return the bytes written; if it fails, no file is left. */
  write(work: (take: TakePart) => Promise<void>): Promise<number>;
}

/**
 * @param out a file that ends in a format's name, or a folder or S3 prefix that ends in `/`
 * @param format format of the files in a folder
 * @param isResumed whether a folder may already have files of the same prediction
 * @param openBucket opens a bucket by its name
 * @throws {InputError} on any other `out`
 */
export function answerTarget(
  out: string,
  format: OutputFormat | undefined,
  isResumed: boolean,
  openBucket: (name: string) => Promise<Store>,
): AnswerTarget {
  const isFolder = out.endsWith('/');
  const byExtension = OUTPUT_FORMATS.find((name) => out.toLowerCase().endsWith(`.${name}`));
  if (out.startsWith('s3://')) {
    const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.*)$/.exec(out) ?? [];
    if (!bucket || !isFolder) {
      throw new InputError(`--out in S3 must be a prefix that ends in /, with one file per part; got ${out}`);
    }
    const folder = { url: out, prefix, open: () => openBucket(bucket) };
    return inBucket(folder, format ?? 'csv', isResumed);
  }
  if (isFolder) return inFolder(out, format ?? 'csv', isResumed);
  if (!byExtension) {
    throw new InputError(`--out must end in ${OUTPUT_FORMATS.map((name) => `.${name}`).join(', ')} or /, got ${out}`);
  }
  if (format && format !== byExtension)
    throw new InputError(`--format ${format} and --out ${out} contradict each other`);
  return oneFile(out, byExtension);
}

function oneFile(out: string, format: OutputFormat): AnswerTarget {
  return {
    format,
    write: (work) =>
      writeWhole(out, async (append) => {
        const joiner = OUTPUTS[format].join();
        await work(async (file) => {
          for (const chunk of joiner.add(file)) await append(chunk);
        });
        for (const chunk of joiner.end()) await append(chunk);
      }),
  };
}

function notEmpty(out: string): InputError {
  return new InputError(`--out ${out} is not empty; choose another, or remove its contents`);
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

/** The objects under a prefix of a bucket. */
interface BucketFolder {
  /** As the user wrote it: `s3://bucket/prefix/`. */
  url: string;
  prefix: string;
  open(): Promise<Store>;
}

function inBucket({ url, prefix, open }: BucketFolder, format: OutputFormat, isResumed: boolean): AnswerTarget {
  return {
    format,
    async write(work) {
      const store = await open();
      if (!isResumed && (await store.list(prefix)).length > 0) throw notEmpty(url);
      return whenWhole(work, (file, i) => store.create(`${prefix}${partName(i, format)}`, file));
    },
  };
}

/** Write the files of all parts once all of them exist; returns their bytes. */
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
