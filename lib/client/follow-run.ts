// Waits until a run has a model, telling how it goes on.

import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '../base/errors.ts';
import type { FailedTasks } from '../run/failed.ts';
import { RunFailedError } from '../run/failed.ts';
import { cancelRun, checkRun, type RunView, viewRun } from '../run/run.ts';
import { findJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import { type Connection, throwIfAborted } from './cluster.ts';
import type { CallOptions } from './options.ts';

/** Polls between two looks at the execution itself: one that cannot even start leaves no status. */
const POLLS_PER_LOOK = 20;

/**
 * @param execution ARN of what is at it
 * @param signal cancels the run when it is aborted
 * @throws {CancelledError} when the run was cancelled, here or by somebody else
 * @throws {RunFailedError} when it has failed
 * @throws what the connection ended with, or `onProgress` throws, which cancels the run
 */
export async function followRun(
  { target, pollMs, signal: closed }: Connection,
  runId: string,
  execution: string,
  signal: AbortSignal,
  onProgress: CallOptions['onProgress'],
): Promise<void> {
  const { store, orchestrator } = target;
  const tell = teller(onProgress);
  const either = AbortSignal.any([signal, closed]);
  for (let poll = 1; ; poll++) {
    closed.throwIfAborted();
    if (signal.aborted) {
      await cancelRun(store, orchestrator, runId);
      throwIfAborted(signal, `run ${runId}`);
    }
    const isLook = poll % POLLS_PER_LOOK === 0;
    const view = isLook ? await checkRun(store, orchestrator, runId) : await viewRun(store, runId);
    try {
      tell(view);
    } catch (error) {
      await cancelRun(store, orchestrator, runId); // nobody would hear of it any more
      throw error;
    }
    if (view.state === 'succeeded') return;
    if (view.state === 'cancelled') throw new CancelledError(`run ${runId} was cancelled`);
    if (view.state === 'failed') throw await failureOf(target, runId, view.error?.message ?? 'for no known reason');
    if (isLook && view.state === 'queued') {
      const { state, message } = await orchestrator.state(execution);
      if (state === 'failed') throw new RunFailedError(runId, `the orchestrator did not start: ${message}`, []);
    }
    await sleep(pollMs, undefined, { signal: either }).catch(() => {});
  }
}

async function failureOf({ store }: Connection['target'], runId: string, why: string): Promise<RunFailedError> {
  const failed = await findJson<FailedTasks>(store, runKeys(runId).failed);
  return new RunFailedError(runId, why, failed?.tasks ?? []);
}

/** Tells each stage's count when it has changed. */
function teller(onProgress: CallOptions['onProgress']): (view: RunView) => void {
  const told = new Map<string, string>();
  return ({ stages }) => {
    for (const { name, numDone, numTasks } of stages) {
      const news = `${numDone}/${numTasks}`;
      if (told.get(name) === news) continue;
      told.set(name, news);
      onProgress?.({ stage: name, done: numDone, total: numTasks });
    }
  };
}
