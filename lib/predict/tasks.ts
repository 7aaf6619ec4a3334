// The tasks of a prediction of a table: find out where its rows are, and answer one part after the other.

import { InputError } from '../base/errors.ts';
import type { Model } from '../forest/model.ts';
import { type Inputs, isSmall, listInputs } from '../ingest/inputs.ts';
import { type LocatedTable, locateParts, type Parts } from '../ingest/locate.ts';
import type { ReadContext } from '../ingest/open.ts';
import { type ScanResult, scanInput } from '../ingest/scan.ts';
import { readInput } from '../ingest/survey.ts';
import { getJson } from '../store/json.ts';
import { predictionKeys } from '../store/keys.ts';
import { type Objects, showName } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, runTask, STORE_REQUESTS } from '../store/task.ts';
import { chooseFeatures, findColumn } from '../tables/columns.ts';
import { answerColumns, checkKept } from './answer-columns.ts';
import { countUnseen, predictRows, readValues } from './batch.ts';
import type { AnswerResult, PredictionTask } from './job.ts';
import { matchColumns } from './match-columns.ts';
import { OUTPUTS } from './output.ts';
import { getPrediction, type PredictionRequest } from './request.ts';

/** What of a request decides on the answer. */
export type PredictOptions = Omit<PredictionRequest, 'model' | 'workers'>;

/** Do a task; its result is in the store. */
export async function doPredictionTask(
  store: Store & { objects: Objects },
  task: PredictionTask,
  loadModel: (key: string) => Promise<Model>,
): Promise<unknown> {
  const { predictionId } = task;
  const keys = predictionKeys(predictionId);
  const context: ReadContext = { store, objects: store.objects, pieceKey: keys.piece };
  const getInputs = () => getJson<Inputs>(store, keys.inputs);
  switch (task.kind) {
    case 'list': {
      const request = await getPrediction(store, predictionId);
      const model = await loadModel(request.model);
      const inputs = await runTask(store, keys.inputs, () => listTable(store.objects, model, request));
      if (isSmall(inputs)) await runTask(store, keys.parts, () => locateTable(context, inputs));
      return inputs.files.length;
    }
    case 'scan':
      return runTask(store, keys.scan(task.scanIndex), async () => {
        const inputs = await getInputs();
        checkIndex('scanIndex', task.scanIndex, inputs.scans.length);
        return scanInput(context, inputs, task.scanIndex);
      });
    case 'locate':
      return runTask(store, keys.parts, async () => {
        const inputs = await getInputs();
        const indexes = [...inputs.scans.keys()];
        return locateParts(
          inputs,
          await mapLimited(indexes, STORE_REQUESTS, (i) => getJson<ScanResult>(store, keys.scan(i))),
        );
      });
    case 'predict':
      return runTask(store, keys.answerResult(task.partIndex), async () => {
        const [request, inputs, parts] = await Promise.all([
          getPrediction(store, predictionId),
          getInputs(),
          getJson<Parts>(store, keys.parts),
        ]);
        checkIndex('partIndex', task.partIndex, parts.parts.length);
        const model = await loadModel(request.model);
        // a function of one vCPU has one thread
        const { file, result } = await answerPart(
          context,
          model,
          { inputs, parts },
          { ...request, partIndex: task.partIndex, numThreads: 1 },
        );
        await store.create(keys.answer(task.partIndex, request.format), file);
        return result;
      });
  }
}

function checkIndex(name: string, index: number, count: number): void {
  if (index >= count) throw new InputError(`${name} must be from 0 to ${count - 1}, got ${index}`);
}

/**
 * Find the files, and the columns of the model in them.
 *
 * @throws {InputError} when a column is missing, or what `listInputs` refuses
 */
export function listTable(objects: Objects, model: Model, options: PredictOptions): Promise<Inputs> {
  return listInputs(objects, options, (names, file) => {
    const { positions, kept } = findColumns(model, names, file, options);
    return chooseFeatures([...positions, ...kept]);
  });
}

function findColumns(model: Model, names: readonly string[], file: string, { keep, explain }: PredictOptions) {
  const kept = keep.map((name) => findColumn(names, 'keep', name, file));
  checkKept(
    model,
    explain,
    kept.map((column) => names[column]),
  );
  return { positions: matchColumns(model, names, file), kept };
}

/** Find the rows of all files, one range after the other. */
export async function locateTable(context: ReadContext, inputs: Inputs): Promise<Parts> {
  const scans: ScanResult[] = [];
  for (const i of inputs.scans.keys()) scans.push(await scanInput(context, inputs, i));
  return locateParts(inputs, scans);
}

/**
 * Predict the rows of one part.
 *
 * @returns a file with the predictions, whose bytes depend neither on the machine nor on the number of threads
 */
export async function answerPart(
  context: ReadContext,
  model: Model,
  table: LocatedTable,
  { partIndex, numThreads, ...options }: PredictOptions & { partIndex: number; numThreads?: number },
): Promise<{ file: Uint8Array; result: AnswerResult }> {
  const { inputs, parts } = table;
  const { fileIndex, rowStart, rowIndex } = parts.parts[partIndex];
  const { names, files } = inputs;
  const location = { file: showName(files[fileIndex].uri), rowStart };
  const { positions, kept } = findColumns(model, names, location.file, options);
  const batch = await readInput(context, table, partIndex);
  const { values, numUnseen } = readValues(model, batch, { positions, names }, location);
  const predicted = await predictRows(model, values, { explain: options.explain, numThreads });
  const passedOn = kept.map((column) => ({ name: names[column], cells: batch.columns[column] }));
  const file = OUTPUTS[options.format].write(answerColumns(model, predicted, rowIndex, passedOn));
  const strange = countUnseen(model, values, numUnseen);
  return { file, result: { numRows: batch.numRows, bytes: file.length, ...strange } };
}
