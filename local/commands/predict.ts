// arvoredo predict: predict all rows of a table with the model of a run or a model file.

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
import { explain as explainError, toExitCode } from '../output/error-text.ts';
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

/** Tables up to this size are predicted here, sooner than functions start; --workers requests functions anyway. */
const HERE_BYTES = 64 * 1024 ** 2;

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Predict the rows of a table: labels and probabilities, or predictions, as CSV, Arrow or Parquet.')
    .requiredOption('--model <ID or FILE>', 'run whose model to use, or a model file: .arvo or .onnx')
    .requiredOption('--data <PATH>', 'file, folder, pattern or s3://…, as for run; repeatable', collect)
    .requiredOption(
      '--out <FILE or FOLDER/>',
      'file to write: .csv, .arrow or .parquet; or a folder or s3://…/ of files',
    )
    .addOption(new Option('--format <FORMAT>', 'format of the files in a folder (csv)').choices([...OUTPUT_FORMATS]))
    .addOption(
      new Option('--keep <LIST>', 'columns to copy from the table, by name or number')
        .argParser((text: string) => text.split(','))
        .default([], 'none'),
    )
    .option('--explain', 'add the contribution of each feature to the probability or prediction', false)
    .addOption(new Option('--skip-rows <N>', 'lines before the table of a text file (0)').argParser(number))
    .addOption(new Option('--header', 'the first row has the names (default: if all its cells are text)'))
    .addOption(new Option('--no-header', 'the first row has no names'))
    .addOption(new Option('--chunk-bytes <N>', 'bytes of a file to predict at once (8 MiB)').argParser(number))
    .option('--workers <N>', 'predict with functions, up to N at once (default: large tables only)', toWorkers)
    .option('--prediction-id <ID>', 'name of a prediction with functions; resumes an unfinished one');
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
    const output = answerTarget(out, format, predictionId !== undefined, async (bucket) =>
      (await lazy.open()).bucket(bucket),
    );
    const { data, keep, explain, skipRows, header, chunkBytes } = flags;
    const options: PredictOptions = { data, format: output.format, explain, keep, skipRows, header, chunkBytes };
    const model = await findModel(name, lazy);
    let result: PredictionResult | undefined;
    let bytes: number;
    if (await isByFunctions(flags, lazy)) {
      const id = predictionId ?? newPredictionId();
      await lazy.close();
      ({ result, bytes } = await byFunctions(flags, { id, model, options }, output));
    } else {
      const objects = await openObjects(flags, lazy);
      bytes = await output.write((take) =>
        withFolderStore(async (store) => {
          result = await predictLocal({ objects, store }, model, options, take);
        }),
      );
    }
    const { numRows, numParts, strange } = result!;
    await print(json, { out, bytes, numRows, numParts, ...strange }, `${out}: ${describe(result!, bytes)}`);
  } finally {
    await lazy.close();
  }
}

async function isByFunctions(flags: PredictFlags, lazy: LazyStore): Promise<boolean> {
  const { on, data, workers, predictionId } = flags;
  if (workers !== undefined || predictionId !== undefined) return true;
  const isLocal = data.every((path) => !path.startsWith('s3://'));
  if (on === 'aws' && isLocal) return false; // functions don't see this machine's files
  return (await countBytes(flags, lazy)) > HERE_BYTES;
}

async function countBytes(flags: PredictFlags, lazy: LazyStore): Promise<number> {
  let bytes = 0;
  for (const path of flags.data) {
    if (path.startsWith('s3://')) {
      const objects = await (await openObjects({ ...flags, data: [path] }, lazy)).find(path);
      bytes += objects.reduce((sum, { size }) => sum + size, 0);
    } else for (const file of await findFiles(path)) bytes += (await stat(file)).size;
  }
  return bytes;
}

/** Reads the data from this machine, or from S3. */
async function openObjects({ data }: PredictFlags, lazy: LazyStore): Promise<Objects> {
  return data.some((path) => path.startsWith('s3://')) && data.every((path) => path.startsWith('s3://'))
    ? (await lazy.open()).objects
    : objectsAt(data);
}

/** A prediction that the functions make. */
interface FunctionPrediction {
  id: string;
  /** Decoded; uploaded when it is in a file of this machine. */
  model: Model;
  options: PredictOptions;
}

async function byFunctions(
  flags: PredictFlags,
  { id, model, options }: FunctionPrediction,
  output: AnswerTarget,
): Promise<{ result: PredictionResult; bytes: number }> {
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
    const result = await predictByFunctions(target, id, request, {
      model: own,
      uploads,
      on,
      signal: stop.signal,
      onStage: showStage,
    });
    const bytes = await output.write(async (take) => {
      for (let i = 0; i < result.numParts; i++) await take(await target.store.get(keys.answer(i, output.format)), i);
    });
    return { result, bytes };
  } catch (cause) {
    if (toExitCode(cause) === 2) throw cause; // wrong input fails again
    const hint = `to resume it, add --prediction-id ${id} to the same command`;
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
      ? 'the model does not record the range of its training data'
      : `${((100 * numOutside) / Math.max(1, numValues)).toFixed(2)} % of the values outside the range of the training data`;
  const unseen =
    numUnseen > 0
      ? `; ${numUnseen === 1 ? '1 category that was not in the training data counts' : `${count(numUnseen)} categories that were not in the training data count`} as missing`
      : '';
  return `${plural(numRows, 'row')}, ${plural(bytes, 'byte')}; ${range}${unseen}`;
}
