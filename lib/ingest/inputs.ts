// List: find the files of a run, see what they are, and divide them into ranges to be scanned.

import { InputError } from '../base/errors.ts';
import type { DataParams } from '../plan/data-params.ts';
import { type Objects, type PinnedObject, showName } from '../store/objects.ts';
import { mapLimited, STORE_REQUESTS } from '../store/task.ts';
import type { ChosenColumns } from '../tables/columns.ts';
import { type ByteRange, cutRanges } from '../tables/csv-ranges.ts';
import { choosePartBytes, type FileLayout, type TextOptions } from '../tables/file-layout.ts';
import { memorySource, objectSource } from '../tables/source.ts';
import { readFileLayout } from '../tables/table.ts';
import { type Compression, detectCompression, unpackHead } from '../tables/unpack.ts';

/** A file of a run. */
export interface InputFile extends PinnedObject {
  layout: FileLayout;
  compression: Compression | null;
}

/** A range of a text file to be scanned for rows, or a whole compressed one. */
export interface ScanRange extends ByteRange {
  fileIndex: number;
}

/** `data/inputs.json`. */
export interface Inputs {
  files: InputFile[];
  names: string[];
  chosen: ChosenColumns;
  partBytes: number;
  scans: ScanRange[];
}

/** Most files of a run: each is a task at least. */
const MAX_FILES = 400;
const HEAD_BYTES = 4 * 1024 ** 2;
/** Of all files. */
const SMALL_BYTES = 4 * 1024 ** 2;
/** Texts are packed to a fifth or so. */
const USUAL_RATIO = 5;

/**
 * @param choose says which columns are read, of those that the files have
 * @throws {InputError} when nothing is found, a file is not a table, files differ in their columns, or a column is not there
 */
export async function listInputs(
  objects: Objects,
  params: Pick<DataParams, 'data' | 'chunkBytes'> & TextOptions,
  choose: (names: readonly string[], file: string) => ChosenColumns,
): Promise<Inputs> {
  const found: PinnedObject[] = [];
  for (const location of params.data) {
    const atLocation = await objects.find(location);
    if (atLocation.length === 0) throw new InputError(`there is nothing at ${location}; check the name and the bucket`);
    found.push(...atLocation);
  }
  if (found.length > MAX_FILES)
    throw new InputError(`data has ${found.length} files, at most ${MAX_FILES} are allowed; join them to fewer`);
  const twice = found.find(({ uri }, i) => found.findIndex((other) => other.uri === uri) < i);
  if (twice) throw new InputError(`data names ${twice.uri} twice`);
  const heads = await mapLimited(found, STORE_REQUESTS, (object) =>
    objectSource(objects, object).read(0, Math.min(4, object.size)),
  );
  const compressions = heads.map(detectCompression);
  const total = found.reduce((sum, { size }, i) => sum + size * (compressions[i] ? USUAL_RATIO : 1), 0);
  const partBytes = params.chunkBytes ?? choosePartBytes(total);
  const files = await mapLimited([...found.keys()], STORE_REQUESTS, (i) =>
    describeFile(objects, { ...found[i], compression: compressions[i] }, partBytes, params),
  );
  checkSameColumns(files);
  const { names } = files[0].layout;
  return {
    files,
    names,
    chosen: choose(names, showName(files[0].uri)),
    partBytes,
    scans: files.flatMap(({ layout, compression, size }, fileIndex) => {
      if (!('dataStart' in layout)) return [];
      const ranges = compression ? [{ start: 0, end: size }] : cutRanges(layout.dataStart, size, partBytes);
      return ranges.map((range) => ({ ...range, fileIndex }));
    }),
  };
}

/** Whether the task that lists the files finds out the rest at once: it is done before others start. */
export function isSmall({ files }: Pick<Inputs, 'files'>): boolean {
  return files.reduce((sum, { size }) => sum + size, 0) <= SMALL_BYTES;
}

async function describeFile(
  objects: Objects,
  object: Omit<InputFile, 'layout'>,
  partBytes: number,
  { skipRows, header }: TextOptions,
): Promise<InputFile> {
  const { compression } = object;
  const source = objectSource(objects, object);
  const options = { skipRows, header };
  if (!compression) return { ...object, layout: await readFileLayout(source, partBytes, options) };
  const head = memorySource(source.name, await unpackHead(source, compression, HEAD_BYTES));
  // a head that fills the limit may go on
  const isWhole = head.size < HEAD_BYTES;
  const layout = await readFileLayout(isWhole ? head : { ...head, size: HEAD_BYTES + 1 }, partBytes, options);
  if (!('dataStart' in layout)) {
    throw new InputError(
      `${source.name} holds a ${layout.format} file compressed with ${compression}; decompress it: such files are compressed inside`,
    );
  }
  return { ...object, layout };
}

/** @throws {InputError} naming the first file that has other columns than the first, and the difference */
function checkSameColumns(files: readonly InputFile[]): void {
  const [first] = files;
  for (const file of files.slice(1)) {
    const expected = first.layout.names;
    const { names } = file.layout;
    const at = expected.findIndex((name, i) => name !== names[i]);
    if (at < 0 && names.length === expected.length) continue;
    const what =
      names.length === expected.length
        ? `column ${at} is ${JSON.stringify(names[at])}, in ${showName(first.uri)} it is ${JSON.stringify(expected[at])}`
        : `${names.length} columns, ${showName(first.uri)} has ${expected.length}`;
    throw new InputError(
      `${showName(file.uri)} has another schema: ${what}; files of one run must have the same columns in the same order`,
    );
  }
}
