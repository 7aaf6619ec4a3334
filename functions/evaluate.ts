// Lambda: predict one test partition and count what was right.

import * as v from 'valibot';
import type { Model } from '../lib/forest/model.ts';
import { evaluate, loadModel } from '../lib/stages/evaluate.ts';
import { index, worker } from './worker.ts';

// a warm sandbox evaluates its next partition with the model that it has
let loaded: { runId: string; model: Model } | undefined;

export const handler = worker(v.strictObject({ runId: v.string(), partitionIndex: index() }), (store, plan, task) => {
  const load = async () => {
    if (loaded?.runId !== task.runId) loaded = { runId: task.runId, model: await loadModel(store, task.runId) };
    return loaded.model;
  };
  return evaluate(store, task, load, plan.numValidation > 0);
});
