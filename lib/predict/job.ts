// A prediction of a table as fan-outs: list, scan, locate, predict. Runs in the orchestrator, which opens no data.

import type { Engine } from '../fanout/engine.ts';
import type { WorkerSize } from '../fanout/run-lanes.ts';
import { fanOutUnfinished, findCause, type StoredTask, unfinishedError } from '../fanout/stored-tasks.ts';
import type { Inputs } from '../ingest/inputs.ts';
import type { Parts } from '../ingest/locate.ts';
import { TIMEOUT_SECONDS } from '../plan/stage-sizes.ts';
import { createJson, findJson, getJson, replaceJson } from '../store/json.ts';
import { predictionKeys } from '../store/keys.ts';
import { packKeys, unpackKeys } from '../store/packed-keys.ts';
import type { Store } from '../store/store.ts';
import { mapLimited, STORE_REQUESTS } from '../store/task.ts';
import { getPrediction, type PredictionResult, type PredictionStatus } from './request.ts';
import { addUnseen, NO_UNSEEN_VALUES, type UnseenValues } from './unseen-values.ts';

/** The event of the worker function. */
export type PredictionTask =
  | { kind: 'list' | 'locate'; predictionId: string }
  | { kind: 'scan'; predictionId: string; scanIndex: number }
  | { kind: 'predict'; predictionId: string; partIndex: number };

/** `answers/part-00000.json`. */
export interface AnswerResult extends UnseenValues {
  numRows: number;
  bytes: number;
}

type JobTask = StoredTask & { payload: PredictionTask };

/**
 * Predict all parts of a table. Tasks whose result is in the store are not done again.
 *
 * @param sizes of the function that does the tasks
 * @throws {TaskFailedError} when a task cannot be finished
 */
export async function runPrediction(
  engine: Engine,
  { store, sizes, predictionId }: { store: Store; sizes: readonly WorkerSize[]; predictionId: string },
): Promise<PredictionResult> {
  const keys = predictionKeys(predictionId);
  const { workers } = await engine.step('request', () => getPrediction(store, predictionId));
  let status: PredictionStatus = { state: 'running', stage: 'list', numTasks: 1 };

  async function fan(stage: PredictionStatus['stage'], tasks: readonly JobTask[]): Promise<void> {
    status = { state: 'running', stage, numTasks: tasks.length };
    const finished = await engine.step(`${stage}-start`, async () => {
      await replaceJson(store, keys.status, status);
      const done = new Set(await store.list(keys.folder(stage === 'predict' ? 'answers' : 'data')));
      return packKeys(tasks.map(({ resultKey }) => resultKey).filter((key) => done.has(key)));
    });
    const work = { tasks, finished: new Set(unpackKeys(finished)), worker: { sizes } };
    const { gathered } = await fanOutUnfinished(engine, stage, work, {
      maxInFlight: workers,
      attemptTimeoutMs: TIMEOUT_SECONDS.evaluate * 1000,
    });
    if (gathered.reason !== 'allDone') throw unfinishedError(gathered, stage);
  }

  try {
    await fan('list', [{ taskId: 'list', payload: { kind: 'list', predictionId }, resultKey: keys.inputs }]);
    const numScans = await engine.step('inputs', async () => {
      // of few bytes the first task has found out all
      if ((await findJson(store, keys.parts)) !== undefined) return null;
      return (await getJson<Inputs>(store, keys.inputs)).scans.length;
    });
    if (numScans !== null) {
      await fan(
        'scan',
        Array.from({ length: numScans }, (_, scanIndex) => ({
          taskId: `scan-${scanIndex}`,
          payload: { kind: 'scan', predictionId, scanIndex },
          resultKey: keys.scan(scanIndex),
        })),
      );
      await fan('locate', [{ taskId: 'locate', payload: { kind: 'locate', predictionId }, resultKey: keys.parts }]);
    }
    const numParts = await engine.step('parts', async () => (await getJson<Parts>(store, keys.parts)).parts.length);
    const parts = Array.from({ length: numParts }, (_, i) => i);
    await fan(
      'predict',
      parts.map((partIndex) => ({
        taskId: `predict-${partIndex}`,
        payload: { kind: 'predict', predictionId, partIndex },
        resultKey: keys.answerResult(partIndex),
      })),
    );
    return await engine.step('result', async () => {
      const answers = await mapLimited(parts, STORE_REQUESTS, (i) =>
        getJson<AnswerResult>(store, keys.answerResult(i)),
      );
      const result = sumAnswers(answers);
      await createJson(store, keys.result, result);
      return result;
    });
  } catch (error) {
    await engine.step('failed', () =>
      replaceJson(store, keys.status, { ...status, state: 'failed', error: findCause(error) }),
    );
    throw error;
  }
}

/** Add up the results of all parts. */
export function sumAnswers(answers: readonly AnswerResult[]): PredictionResult {
  return {
    numRows: answers.reduce((sum, { numRows }) => sum + numRows, 0),
    numParts: answers.length,
    strange: answers
      .map(({ numValues, numOutside, numUnseen }) => ({ numValues, numOutside, numUnseen }))
      .reduce(addUnseen, NO_UNSEEN_VALUES),
  };
}
