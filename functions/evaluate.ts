// Lambda: predict one test partition and count what was right.

import * as v from 'valibot';
import type { Model } from '../lib/forest/model.ts';
import { evaluate, loadModel } from '../lib/stages/evaluate.ts';
import { index, overrides, worker } from './worker.ts';

// a warm sandbox evaluates its next partition with the model that it has
let loaded: { runId: string; model: Model } | undefined;

const Task = v.strictObject({ runId: v.string(), partitionIndex: index(), params: overrides() });

export const handler = worker(Task, (store, plan, task) => {
  const load = async () => {
    if (loaded?.runId !== task.runId) loaded = { runId: task.runId, model: await loadModel(store, task.runId) };
    return loaded.model;
  };
  return evaluate(store, plan, task, load, plan.numValidation > 0);
});
