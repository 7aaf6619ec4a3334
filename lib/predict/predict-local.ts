// Predicts a table on this machine: part after part, with all processors. The files are those that functions write.

import type { Model } from '../forest/model.ts';
import type { ReadContext } from '../ingest/open.ts';
import { predictionKeys } from '../store/keys.ts';
import type { Objects } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import { type AnswerResult, sumAnswers } from './job.ts';
import type { PredictionResult } from './request.ts';
import { answerPart, listTable, locateTable, type PredictOptions } from './tasks.ts';

/**
 * @param source the table's files, and a store for the pieces of compressed ones
 * @param take receives the predictions of each part, in order: the bytes that functions would store
 * @throws {InputError} when a column of the model is missing, or a cell does not fit its feature
 */
export async function predictLocal(
  { objects, store }: { objects: Objects; store: Store },
  model: Model,
  options: PredictOptions,
  take: (file: Uint8Array, partIndex: number) => Promise<void>,
): Promise<PredictionResult> {
  const context: ReadContext = { store, objects, pieceKey: predictionKeys('here').piece };
  const inputs = await listTable(objects, model, options);
  const table = { inputs, parts: await locateTable(context, inputs) };
  const results: AnswerResult[] = [];
  for (const partIndex of table.parts.parts.keys()) {
    const { file, result } = await answerPart(context, model, table, { ...options, partIndex });
    await take(file, partIndex);
    results.push(result);
  }
  return sumAnswers(results);
}
