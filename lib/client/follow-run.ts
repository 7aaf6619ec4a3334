// Waits until a run has a model, and reports its progress.

import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError } from '../base/errors.ts';
import type { FailedTasks } from '../run/failed.ts';
import { RunFailedError } from '../run/failed.ts';
import { cancelRun, checkRun, type RunView, viewRun } from '../run/run.ts';
import { findJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import { type Connection, throwIfAborted } from './cluster.ts';
import type { CallOptions } from './options.ts';

/** Polls of the status for each poll of the execution itself: one that cannot start writes no status. */
const POLLS_PER_EXECUTION_POLL = 20;

/**
 * @param execution ARN of the run's execution
 * @param options `signal` cancels the run when it is aborted
 * @throws {CancelledError} when the run was cancelled, here or elsewhere
 * @throws {RunFailedError} when it has failed
 * @throws the connection's error when it is closed, or the error of `onProgress`, which cancels the run
 */
export async function followRun(
  { target, pollMs, signal: closed }: Connection,
  runId: string,
  execution: string,
  { signal, onProgress }: CallOptions & { signal: AbortSignal },
): Promise<void> {
  const { store, orchestrator } = target;
  const report = progressReporter(onProgress);
  const either = AbortSignal.any([signal, closed]);
  for (let poll = 1; ; poll++) {
    closed.throwIfAborted();
    if (signal.aborted) {
      await cancelRun(target, runId);
      throwIfAborted(signal, `run ${runId}`);
    }
    const pollsExecution = poll % POLLS_PER_EXECUTION_POLL === 0;
    const view = pollsExecution ? await checkRun(target, runId) : await viewRun(store, runId);
    try {
      report(view);
    } catch (error) {
      await cancelRun(target, runId); // the caller no longer follows it
      throw error;
    }
    if (view.state === 'succeeded') return;
    if (view.state === 'cancelled') throw new CancelledError(`run ${runId} was cancelled`);
    if (view.state === 'failed') throw await readFailure(target, runId, view.error?.message ?? 'for an unknown reason');
    if (pollsExecution && view.state === 'queued') {
      const { state, message } = await orchestrator.state(execution);
      if (state === 'failed') throw new RunFailedError(runId, `the orchestrator did not start: ${message}`, []);
    }
    await sleep(pollMs, undefined, { signal: either }).catch(() => {});
  }
}

async function readFailure({ store }: Connection['target'], runId: string, why: string): Promise<RunFailedError> {
  const failed = await findJson<FailedTasks>(store, runKeys(runId).failed);
  return new RunFailedError(runId, why, failed?.tasks ?? []);
}

/** Reports the count of each stage that has changed. */
function progressReporter(onProgress: CallOptions['onProgress']): (view: RunView) => void {
  const reported = new Map<string, string>();
  return ({ stages }) => {
    for (const { name, numDone, numTasks } of stages) {
      const count = `${numDone}/${numTasks}`;
      if (reported.get(name) === count) continue;
      reported.set(name, count);
      onProgress?.({ stage: name, done: numDone, total: numTasks });
    }
  };
}
