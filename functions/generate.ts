// Lambda: make one chunk of a generated data set; or find out what a user's data are, and ingest one part of them.

import * as v from 'valibot';
import { type DataTask, doDataTask } from '../lib/ingest/tasks.ts';
import { generate } from '../lib/stages/generate.ts';
import { ingest } from '../lib/stages/ingest.ts';
import { runKeys } from '../lib/store/keys.ts';
import { index, readPlan, taskHandler } from './shared/worker.ts';

const Task = v.union([
  v.strictObject({ runId: v.string(), chunkIndex: index() }),
  v.strictObject({ kind: v.picklist(['list', 'locate', 'schema']), runId: v.string() }),
  v.strictObject({ kind: v.literal('scan'), runId: v.string(), scanIndex: index() }),
  v.strictObject({ kind: v.literal('survey'), runId: v.string(), partIndex: index() }),
]);

export const handler = taskHandler(Task, async (store, params, task): Promise<unknown> => {
  const { piece } = runKeys(task.runId);
  const context = { runId: task.runId, store, objects: store.objects, pieceKey: piece };
  if ('kind' in task) return doDataTask(context, params, task satisfies DataTask);
  const plan = await readPlan(store, task.runId, params);
  return params.data === undefined ? generate(store, plan, task) : ingest(context, plan, task);
});
