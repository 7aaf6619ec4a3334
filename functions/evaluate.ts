// Lambda: predict one test partition and count what was right; or do a task of the prediction of a user's table.

import * as v from 'valibot';
import type { Model } from '../lib/forest/model.ts';
import { decodeModel } from '../lib/forest/model-file.ts';
import type { PredictionTask } from '../lib/predict/job.ts';
import { checkPredictionId } from '../lib/predict/request.ts';
import { evaluate } from '../lib/stages/evaluate.ts';
import { runKeys } from '../lib/store/keys.ts';
import type { Store } from '../lib/store/store.ts';
import { index, measuredHandler, overrides, parseEvent, worker } from './shared/worker.ts';

// a warm sandbox goes on with the model that it has
let loaded: { key: string; model: Model } | undefined;

async function loadModel(store: Store, key: string): Promise<Model> {
  if (loaded?.key !== key) loaded = { key, model: decodeModel(await store.get(key)) };
  return loaded.model;
}

const Partition = v.strictObject({ runId: v.string(), partitionIndex: index(), params: overrides() });
const evaluatePartition = worker(Partition, (store, plan, task) =>
  evaluate(store, plan, task, () => loadModel(store, runKeys(task.runId).model)),
);

const Prediction = v.union([
  v.strictObject({ kind: v.picklist(['list', 'locate']), predictionId: v.string() }),
  v.strictObject({ kind: v.literal('scan'), predictionId: v.string(), scanIndex: index() }),
  v.strictObject({ kind: v.literal('predict'), predictionId: v.string(), partIndex: index() }),
]);

const predictTable = measuredHandler(
  (event): PredictionTask => {
    const task = parseEvent(Prediction, event);
    checkPredictionId(task.predictionId);
    return task;
  },
  async (store, task) => {
    // readers of files and writers of answers, of which runs have no need
    const { doPredictionTask } = await import('../lib/predict/tasks.ts');
    return doPredictionTask(store, task, (key) => loadModel(store, key));
  },
);

export const handler: typeof predictTable = (event) =>
  typeof event === 'object' && event !== null && 'predictionId' in event
    ? predictTable(event)
    : evaluatePartition(event);
