// A prediction of a table as seen from outside: ask for it, go on with it, and see how it is.

import * as v from 'valibot';
import { ConflictError, FormatError, InputError, NotFoundError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { Orchestrator } from '../fanout/orchestrator.ts';
import { createJson, findJson, getJson } from '../store/json.ts';
import { checkRunId, predictionExecution, predictionKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import type { UnseenValues } from './unseen-values.ts';

const MAX_WORKERS = 1000;
const MAX_ID = 55; // letters: an execution's name has 64, with the number of the execution
/** The model of a run, or one that came with the prediction. */
const MODEL_KEY = /^(runs\/[\w-]+\/model|predictions\/[\w-]+)\/model\.arvo$/;

const texts = () => v.array(v.string());
const count = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.safeInteger(), v.minValue(least), v.maxValue(most));

const FIELDS = {
  /** Key of the model. */
  model: v.pipe(v.string(), v.regex(MODEL_KEY)),
  /** Locations in S3. */
  data: v.pipe(texts(), v.minLength(1)),
  format: v.picklist(['csv', 'arrow', 'parquet']),
  /** Whether the answer has the contribution of each feature. */
  explain: v.boolean(),
  /** Columns that are passed on, by name or number. */
  keep: texts(),
  skipRows: v.optional(count(0, 1000)),
  header: v.optional(v.boolean()),
  chunkBytes: v.optional(count(1)),
};
const Request = v.strictObject({ ...FIELDS, workers: count(1, MAX_WORKERS) });

/** `request.json`: what was asked for, but how many workers may be at it decides on nothing but time. */
export type PredictionRequest = v.InferOutput<typeof Request>;

/** `status.json`, written by the orchestrator. */
export interface PredictionStatus {
  state: 'running' | 'failed';
  stage: 'list' | 'scan' | 'locate' | 'predict';
  numTasks: number;
  error?: { name: string; message: string };
}

/** `result.json`, there when all is done. */
export interface PredictionResult {
  numRows: number;
  /** Files that the answer has, one for each part of the table. */
  numParts: number;
  strange: UnseenValues;
}

/**
 * Start a prediction, or go on with one that was interrupted: parts that are predicted are not predicted again.
 *
 * @returns ARN of the execution that is at it; none when it is done
 * @throws {ConflictError} when there is one of that id that asks for something else
 */
export async function startPrediction(
  store: Store,
  orchestrator: Orchestrator,
  predictionId: string,
  request: PredictionRequest,
): Promise<string | undefined> {
  const keys = predictionKeys(checkPredictionId(predictionId));
  if (!(await createJson(store, keys.request, request))) {
    const stored = await getPrediction(store, predictionId);
    for (const name of Object.keys(FIELDS) as (keyof typeof FIELDS)[]) {
      if (JSON.stringify(stored[name]) === JSON.stringify(request[name])) continue;
      throw new ConflictError(
        `prediction ${predictionId} exists with ${name} ${quote(stored[name])}, got ${quote(request[name])}; choose another id`,
      );
    }
  }
  if ((await findJson(store, keys.result)) !== undefined) return undefined;
  await store.remove(keys.status); // what the one before left must not be taken for the next one's
  for (let n = 1; ; n++) {
    const execution = await orchestrator.start(predictionExecution(predictionId, n), { predictionId });
    if ((await orchestrator.state(execution)).state !== 'failed') return execution;
  }
}

/** @throws {InputError} when it can be no part of keys and of an execution's name */
export function checkPredictionId(predictionId: string): string {
  if (checkRunId(predictionId).length > MAX_ID) {
    throw new InputError(`the id of a prediction must have at most ${MAX_ID} letters, got ${quote(predictionId)}`);
  }
  return predictionId;
}

/**
 * Read the request, and validate it like input.
 *
 * @throws {NotFoundError} when the prediction does not exist
 * @throws {FormatError} when the object is not a request
 */
export async function getPrediction(store: Store, predictionId: string): Promise<PredictionRequest> {
  const key = predictionKeys(checkPredictionId(predictionId)).request;
  const result = v.safeParse(Request, await getJson(store, key));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new FormatError(`${key}: ${v.getDotPath(issue) ?? ''}: ${issue.message}; choose another id`);
}

/**
 * The result, or how far it is; undefined where nothing is known yet.
 *
 * @throws {Error} of the task that failed, by its name and message
 */
export async function getPredictionStatus(
  store: Store,
  predictionId: string,
): Promise<{ result: PredictionResult } | { status: PredictionStatus } | undefined> {
  const keys = predictionKeys(predictionId);
  const result = await findJson<PredictionResult>(store, keys.result);
  if (result) return { result };
  const status = await findJson<PredictionStatus>(store, keys.status);
  return status && { status };
}

/** @throws {NotFoundError} while it is not done */
export function getPredictionResult(store: Store, predictionId: string): Promise<PredictionResult> {
  return getJson<PredictionResult>(store, predictionKeys(predictionId).result).catch((cause: unknown) => {
    if (!(cause instanceof NotFoundError)) throw cause;
    throw new NotFoundError(`prediction ${predictionId} is not done`, { cause });
  });
}
