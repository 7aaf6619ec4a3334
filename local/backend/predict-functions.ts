// A prediction by functions: in an emulator, started if none is running, or in a stack on AWS.

import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CancelledError } from '../../lib/base/errors.ts';
import { restoreError } from '../../lib/fanout/error-class.ts';
import type { Model } from '../../lib/forest/model.ts';
import { reencodeModel } from '../../lib/forest/model-file.ts';
import {
  getPredictionStatus,
  type PredictionRequest,
  type PredictionResult,
  type PredictionStatus,
  startPrediction,
} from '../../lib/predict/request.ts';
import { predictionKeys } from '../../lib/store/keys.ts';
import { findEmulator, startEmulator } from '../emulator/emulator.ts';
import type { BackendFlags, OpenTarget } from './backend.ts';
import { attach } from './emulator-users.ts';
import { localTarget, stackTarget, type Target } from './local-target.ts';
import { type Upload, uploadFiles } from './upload.ts';

const LOCAL_POLL_MS = 50;
const AWS_POLL_MS = 1000;
/** Polls of the status for each poll of the execution itself: an execution that cannot start leaves no status. */
const POLLS_PER_EXECUTION_POLL = 20;

/** A new id from the time and a random number. */
export function newPredictionId(now = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `predict-${stamp}-${randomBytes(3).toString('hex')}`;
}

/** Open the backend with the functions; a new emulator resumes what an earlier one left of this prediction. */
export async function openFunctions(
  { on, stack, dataDir }: BackendFlags,
  workers: number,
  predictionId: string,
): Promise<OpenTarget> {
  if (on === 'aws') return { target: await stackTarget(stack), close: async () => {} };
  const running = await findEmulator(dataDir);
  if (running) return { target: localTarget(running), close: await attach(dataDir) };
  const emulator = await startEmulator({
    dataDir,
    workers,
    distDir: dirname(fileURLToPath(import.meta.url)),
    resumes: (execution) => execution.startsWith(`${predictionId}__p`),
  });
  return { target: localTarget(emulator), close: () => emulator.close() };
}

/**
 * Start a prediction, and wait until it has ended.
 *
 * @param model of a file, which is put into the bucket; none where the request names one that is there
 * @throws {CancelledError} when `signal` was aborted: what is done stays
 * @throws {InputError} when it failed because of the user's data or options
 * @throws {Error} when it failed for another reason
 */
export async function predictByFunctions(
  { store, orchestrator, uploadFile }: Target,
  predictionId: string,
  request: PredictionRequest,
  {
    model,
    uploads,
    on,
    signal,
    onStage,
  }: {
    model?: Model;
    uploads: readonly Upload[];
    on: 'local' | 'aws';
    signal: AbortSignal;
    /** Called once for each stage. */
    onStage: (status: PredictionStatus) => void;
  },
): Promise<PredictionResult> {
  await uploadFiles({ uploadFile }, uploads);
  if (model) await store.create(predictionKeys(predictionId).model, reencodeModel(model));
  const execution = await startPrediction(store, orchestrator, predictionId, request);
  let stage: PredictionStatus['stage'] | undefined;
  for (let poll = 1; ; poll++) {
    if (signal.aborted) {
      if (execution) await orchestrator.stop(execution);
      throw new CancelledError(`prediction ${predictionId}`);
    }
    const found = await getPredictionStatus(store, predictionId);
    if (found && 'result' in found) return found.result;
    if (found?.status.state === 'failed') throw restoreError(found.status.error!);
    if (found && found.status.stage !== stage) {
      stage = found.status.stage;
      onStage(found.status);
    }
    if (execution && poll % POLLS_PER_EXECUTION_POLL === 0) {
      const { state, message } = await orchestrator.state(execution);
      const isDone = (await getPredictionStatus(store, predictionId)) ?? {};
      if (state === 'failed' && !('result' in isDone)) throw new Error(`the orchestrator failed: ${message}`);
    }
    await sleep(on === 'aws' ? AWS_POLL_MS : LOCAL_POLL_MS, undefined, { signal }).catch(() => {});
  }
}
