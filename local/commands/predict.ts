// arvoredo predict: all rows of files, with a model of a run or in a file.

import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { InputError } from '../../lib/errors.ts';
import { arrowSource } from '../../lib/predict/arrow-source.ts';
import { predictBatch } from '../../lib/predict/batch.ts';
import { csvSource } from '../../lib/predict/csv-source.ts';
import { joinSources } from '../../lib/predict/join-sources.ts';
import type { RowSource } from '../../lib/predict/row-source.ts';
import { arrowSink, csvSink } from '../../lib/predict/sinks.ts';
import type { PlaceFlags } from '../place.ts';
import { writeWhole } from '../write-whole.ts';
import { findModel, LazyStore } from './model-source.ts';
import { addJsonOption, checkJson, print } from './output.ts';
import { addPlaceOptions } from './place-options.ts';

interface PredictFlags extends PlaceFlags {
  model: string;
  data: string;
  out: string;
  explain: boolean;
  json?: string;
}

/** A file to read, by its name. */
interface DataFile {
  name: string;
  open(): Promise<RowSource>;
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Predict the rows of files: labels and probabilities, or values, as CSV or Arrow.')
    .requiredOption('--model <ID or FILE>', 'run whose model it is, or a model in a file: .arvo, .onnx, .json or .js')
    .requiredOption(
      '--data <PATH>',
      'file, or folder or s3://bucket/prefix of files, in order of their names: .csv or .arrow',
    )
    .requiredOption('--out <FILE>', 'file to write: .csv or .arrow')
    .option('--explain', 'add what each feature adds to the probability of the label, or to the value', false);
  addJsonOption(addPlaceOptions(command));
  return command.action(async ({ model: name, data, out, explain, json, ...place }: PredictFlags) => {
    const toSink = out.endsWith('.arrow') ? arrowSink : out.endsWith('.csv') ? csvSink : undefined;
    if (!toSink) throw new InputError(`--out must end in .csv or .arrow, got ${out}`);
    await checkJson(json);
    const lazy = new LazyStore(place);
    try {
      const model = await findModel(name, lazy);
      const files = data.startsWith('s3://') ? await listObjects(data, lazy) : await listFiles(data);
      const source = await joinSources(data, files);
      const sink = toSink(model, explain);
      let told = { numRows: 0, outOfRangeShare: null as number | null };
      const bytes = await writeWhole(out, async (append) => {
        told = await predictBatch(model, source, { explain }, async (block) => {
          const piece = sink.add(block);
          if (piece) await append(piece);
        });
        await append(sink.end());
      });
      const { numRows, outOfRangeShare } = told;
      const range =
        outOfRangeShare === null
          ? 'the model does not say what range its data had'
          : `${(100 * outOfRangeShare).toFixed(2)} % of the values outside of what its data had`;
      const text = `${out}: ${numRows.toLocaleString('en-US')} rows, ${bytes.toLocaleString('en-US')} bytes; ${range}`;
      await print(json, { out, numRows, bytes, outOfRangeShare }, text);
    } finally {
      await lazy.close();
    }
  });
}

const READABLE = /\.(csv|arrow)$/i;

async function listFiles(path: string): Promise<DataFile[]> {
  const found = await stat(path).catch((error: Error) => {
    throw new InputError(`--data ${path} cannot be read: ${error.message}`);
  });
  const names = found.isDirectory() ? await readdir(path) : [];
  const paths = found.isDirectory()
    ? names.filter((name) => READABLE.test(name)).map((name) => join(path, name))
    : [path];
  return requireFiles(path, paths.sort()).map((file) => ({
    name: file,
    open: async () =>
      isArrow(file) ? arrowSource(file, await readFile(file)) : csvSource(file, createReadStream(file)),
  }));
}

async function listObjects(url: string, lazy: LazyStore): Promise<DataFile[]> {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(url) ?? [];
  if (!bucket) throw new InputError(`--data must be like s3://bucket/prefix, got ${url}`);
  const store = (await lazy.open()).bucket(bucket);
  const keys = (await store.list(prefix)).filter((key) => READABLE.test(key));
  return requireFiles(url, keys).map((key) => ({
    name: `s3://${bucket}/${key}`,
    open: async () => {
      const bytes = await store.get(key);
      const name = `s3://${bucket}/${key}`;
      return isArrow(key) ? arrowSource(name, bytes) : csvSource(name, oneOf(bytes));
    },
  }));
}

function requireFiles(place: string, names: string[]): string[] {
  const other = names.find((name) => !READABLE.test(name));
  if (other !== undefined) throw new InputError(`--data must be .csv or .arrow, got ${other}`);
  if (names.length === 0) throw new InputError(`--data ${place} has no files that end in .csv or .arrow`);
  return names;
}

function isArrow(name: string): boolean {
  return /\.arrow$/i.test(name);
}

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
