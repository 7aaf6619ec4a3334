// arvoredo predict: all rows of a table, with a model of a run or in a file.

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import { CancelledError } from '../../lib/base/errors.ts';
import type { Model } from '../../lib/forest/model.ts';
import { collect, number } from '../../lib/plan/parameters/text.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../../lib/predict/output.ts';
import { predictLocal } from '../../lib/predict/predict-local.ts';
import { checkPredictionId, type PredictionResult, type PredictionStatus } from '../../lib/predict/request.ts';
import type { PredictOptions } from '../../lib/predict/tasks.ts';
import { predictionKeys, runKeys } from '../../lib/store/keys.ts';
import type { Objects } from '../../lib/store/objects.ts';
import type { BackendFlags } from '../backend/backend.ts';
import { findFiles, objectsAt } from '../backend/input-files.ts';
import { newPredictionId, openFunctions, predictByFunctions } from '../backend/predict-functions.ts';
import { findUploads } from '../backend/upload.ts';
import { isGiven, workers as toWorkers } from '../config/parse.ts';
import { WORKERS_PER_CORE } from '../emulator/options.ts';
import { exitCodeOf, explain as explainError } from '../output/error-text.ts';
import { plural } from '../output/table.ts';
import { type AnswerTarget, answerTarget } from './answer-target.ts';
import { addBackendOptions } from './backend-options.ts';
import { withFolderStore } from './folder-store.ts';
import { findModel, LazyStore } from './model-source.ts';
import { addJsonOption, checkJson, print } from './output.ts';

interface PredictFlags extends BackendFlags {
  model: string;
  data: string[];
  out: string;
  format?: OutputFormat;
  keep: string[];
  explain: boolean;
  skipRows?: number;
  header?: boolean;
  chunkBytes?: number;
  workers?: number;
  predictionId?: string;
  json?: string;
}

/** Up to so many bytes are predicted sooner than functions start; they are asked for by --workers all the same. */
const HERE_BYTES = 64 * 1024 ** 2;

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Predict the rows of a table: labels and probabilities, or predictions, as CSV, Arrow or Parquet.')
    .requiredOption('--model <ID or FILE>', 'run whose model to use, or a model file: .arvo or .onnx')
    .requiredOption('--data <PATH>', 'file, folder, pattern or s3://…, as of run; may be given more than once', collect)
    .requiredOption(
      '--out <FILE or FOLDER/>',
      'file to write: .csv, .arrow or .parquet; or a folder or s3://…/ of files',
    )
    .addOption(new Option('--format <FORMAT>', 'of the files in a folder (csv)').choices([...OUTPUT_FORMATS]))
    .addOption(
      new Option('--keep <LIST>', 'columns of the table that are passed on, by name or number')
        .argParser((text: string) => text.split(','))
        .default([], 'none'),
    )
    .option('--explain', 'add what each feature adds to the probability of the label, or to the prediction', false)
    .addOption(new Option('--skip-rows <N>', 'lines before the table of a text file (0)').argParser(number))
    .addOption(new Option('--header', 'the first row has the names (where all its cells are texts)'))
    .addOption(new Option('--no-header', 'the first row has no names'))
    .addOption(new Option('--chunk-bytes <N>', 'bytes of a file that are predicted at once (8 MiB)').argParser(number))
    .option('--workers <N>', 'predict by functions, so many at once; without, large tables only', toWorkers)
    .option('--prediction-id <ID>', 'name of a prediction by functions; an unfinished one goes on');
  addJsonOption(addBackendOptions(command));
  return command.action(async (flags: PredictFlags) => {
    const header = isGiven(command, 'header') ? flags.header : undefined;
    await predict({ ...flags, header });
  });
}

async function predict(flags: PredictFlags): Promise<void> {
  const { model: name, out, format, predictionId, json } = flags;
  await checkJson(json);
  if (predictionId !== undefined) checkPredictionId(predictionId);
  const lazy = new LazyStore(flags);
  try {
    const place = answerTarget(out, format, predictionId !== undefined, async (bucket) =>
      (await lazy.open()).bucket(bucket),
    );
    const { data, keep, explain, skipRows, header, chunkBytes } = flags;
    const options: PredictOptions = { data, format: place.format, explain, keep, skipRows, header, chunkBytes };
    const model = await findModel(name, lazy);
    let told: PredictionResult | undefined;
    let bytes: number;
    if (await isByFunctions(flags, lazy)) {
      const id = predictionId ?? newPredictionId();
      await lazy.close();
      ({ told, bytes } = await byFunctions(flags, model, options, id, place));
    } else {
      const objects = await objectsOf(flags, lazy);
      bytes = await place.write((take) =>
        withFolderStore(async (store) => {
          told = await predictLocal({ objects, store }, model, options, take);
        }),
      );
    }
    const { numRows, numParts, strange } = told!;
    await print(json, { out, bytes, numRows, numParts, ...strange }, `${out}: ${describe(told!, bytes)}`);
  } finally {
    await lazy.close();
  }
}

async function isByFunctions(flags: PredictFlags, lazy: LazyStore): Promise<boolean> {
  const { on, data, workers, predictionId } = flags;
  if (workers !== undefined || predictionId !== undefined) return true;
  const isLocal = data.every((place) => !place.startsWith('s3://'));
  if (on === 'aws' && isLocal) return false; // functions don't see this machine's files
  return (await countBytes(flags, lazy)) > HERE_BYTES;
}

async function countBytes(flags: PredictFlags, lazy: LazyStore): Promise<number> {
  let bytes = 0;
  for (const place of flags.data) {
    if (place.startsWith('s3://')) {
      const objects = await (await objectsOf({ ...flags, data: [place] }, lazy)).find(place);
      bytes += objects.reduce((sum, { size }) => sum + size, 0);
    } else for (const file of await findFiles(place)) bytes += (await stat(file)).size;
  }
  return bytes;
}

/** What reads the data from here. */
async function objectsOf({ data }: PredictFlags, lazy: LazyStore): Promise<Objects> {
  return data.some((place) => place.startsWith('s3://')) && data.every((place) => place.startsWith('s3://'))
    ? (await lazy.open()).objects
    : objectsAt(data);
}

async function byFunctions(
  flags: PredictFlags,
  model: Model,
  options: PredictOptions,
  id: string,
  place: AnswerTarget,
): Promise<{ told: PredictionResult; bytes: number }> {
  const { model: name, on, workers = WORKERS_PER_CORE * availableParallelism() } = flags;
  const { given, uploads } = await findUploads({ data: options.data }, on);
  const isOfRun = !existsSync(name);
  const keys = predictionKeys(id);
  const request = {
    ...options,
    data: given.data as string[],
    model: isOfRun ? runKeys(name).model : keys.model,
    workers,
  };
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const { target, close } = await openFunctions(flags, workers, id);
  console.error(`prediction ${id}`);
  try {
    const own = isOfRun ? undefined : model;
    const told = await predictByFunctions(target, id, request, {
      model: own,
      uploads,
      on,
      signal: stop.signal,
      onStage: showStage,
    });
    const bytes = await place.write(async (take) => {
      for (let i = 0; i < told.numParts; i++) await take(await target.store.get(keys.answer(i, place.format)), i);
    });
    return { told, bytes };
  } catch (cause) {
    if (exitCodeOf(cause) === 2) throw cause; // wrong stays wrong
    const hint = `the same command with --prediction-id ${id} goes on`;
    if (cause instanceof CancelledError) throw new CancelledError(`${cause.message}; ${hint}`);
    throw new Error(`${explainError(cause)}; ${hint}`, { cause });
  } finally {
    await close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function showStage({ stage, numTasks }: PredictionStatus): void {
  console.error(`${stage.padEnd(7)} ${numTasks} ${numTasks === 1 ? 'task' : 'tasks'}`);
}

function describe({ numRows, strange }: PredictionResult, bytes: number): string {
  const count = (value: number) => value.toLocaleString('en-US');
  const { numValues, numOutside, numUnseen } = strange;
  const range =
    numOutside === null
      ? 'the model does not say the range of its training data'
      : `${((100 * numOutside) / Math.max(1, numValues)).toFixed(2)} % of the values outside the range of the training data`;
  const unseen =
    numUnseen > 0
      ? `; ${numUnseen === 1 ? '1 category that training did not have counts' : `${count(numUnseen)} categories that training did not have count`} as missing`
      : '';
  return `${plural(numRows, 'row')}, ${plural(bytes, 'byte')}; ${range}${unseen}`;
}
