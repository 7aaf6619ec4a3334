// Evaluate: the model's predictions on one test partition, as counts that can be merged.

import { decodeModel, type Model } from '../forest/model.ts';
import { predict } from '../forest/predict.ts';
import { runKeys } from '../keys.ts';
import { countPairs, type PairCount } from '../metrics/confusion.ts';
import { decodeRaw } from '../partition/arrow.ts';
import type { Store } from '../store.ts';
import { runTask } from './task.ts';

export interface EvaluateTask {
  runId: string;
  partitionIndex: number;
}

export interface EvaluateResult {
  numRows: number;
  /** Rows by class and predicted class, the pairs that occur, in ascending order. */
  pairs: PairCount[];
}

export async function loadModel(store: Store, runId: string): Promise<Model> {
  return decodeModel(await store.get(runKeys(runId).model));
}

export function evaluate(
  store: Store,
  { runId, partitionIndex }: EvaluateTask,
  load: () => Promise<Model>,
): Promise<EvaluateResult> {
  const keys = runKeys(runId);
  return runTask(store, keys.evaluateResult(partitionIndex), async () => {
    const testKey = keys.test(partitionIndex);
    const [model, rows] = await Promise.all([load(), store.get(testKey).then((bytes) => decodeRaw(bytes, testKey))]);
    const predicted = predict(model, rows.columns);
    return { numRows: rows.numRows, pairs: countPairs(rows.labels, predicted) };
  });
}
