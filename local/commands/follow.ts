// Follows a run until it is done, showing its progress.

import { basename, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CancelledError, InputError, isRetryable } from '../../lib/base/errors.ts';
import { parseRootFailure, restoreError } from '../../lib/fanout/error-class.ts';
import { cancelRun, type RunView, viewRun } from '../../lib/run/run.ts';
import type { StageStatus } from '../../lib/stages/stage.ts';
import type { Target } from '../backend/local-target.ts';
import { explain } from '../output/error-text.ts';
import { listFailed } from '../output/failed-list.ts';
import type { Progress } from '../output/progress.ts';

const LOCAL_POLL_MS = 100;
const AWS_POLL_MS = 1000;
/** Polling may take this share of the time: a poll lists finished tasks, which takes long for thousands of them. */
const POLL_SHARE = 0.1;
const MAX_POLL_MS = 2000;
/** Polls of the status for each poll of the execution itself: one that cannot start writes no status. */
const POLLS_PER_EXECUTION_POLL = 20;

export interface FollowOptions {
  runId: string;
  /** ARN of the run's execution; undefined when the run is done. */
  execution: string | undefined;
  on: 'local' | 'aws';
  progress: Progress;
  /** Options that select the same backend, for the hint. */
  options: string[];
  /** Aborted with a `CancelledError` by the user, with another error when the emulator broke. */
  signal: AbortSignal;
  /** Called at each poll, while no request to the target is open; it may replace the target. */
  onStages?: (stages: readonly StageStatus[]) => Promise<void>;
  /** Called with the run at each poll, including the last. */
  onView?: (view: RunView) => void;
}

/**
 * @throws {CancelledError} when the run was cancelled
 * @throws {InputError} when it failed because of the user's data or options
 * @throws {Error} when it failed for another reason; the message says how to resume it, if that can help
 */
export async function follow(target: Target, options: FollowOptions): Promise<void> {
  const { runId, execution, progress, signal, onStages, onView } = options;
  const hint = `resume it with: ${launcher()} run${options.options.map((word) => ` ${quote(word)}`).join('')} --run-id ${runId}`;
  try {
    for (let poll = 1; ; poll++) {
      const { store, orchestrator } = target;
      if (signal.aborted) {
        if (!(signal.reason instanceof CancelledError)) throw signal.reason;
        await cancelRun({ store, orchestrator }, runId);
        throw new CancelledError(`run ${runId}`);
      }
      const begunMs = performance.now();
      const view = await viewRun(store, runId);
      const { state, stages, error } = view;
      const tookMs = performance.now() - begunMs;
      onView?.(view);
      progress.update(stages);
      if (state === 'succeeded') return;
      if (state === 'cancelled') throw new CancelledError(`run ${runId} was cancelled`);
      if (state === 'failed') throw restoreError(error ?? { name: 'Error', message: 'the run failed' });
      if (execution && poll % POLLS_PER_EXECUTION_POLL === 0) {
        const { state: executionState, message } = await orchestrator.state(execution);
        const isDone = (await viewRun(store, runId)).state === 'succeeded';
        if (executionState === 'failed' && !isDone) throw new Error(`the orchestrator failed: ${message}`);
      }
      await onStages?.(stages);
      const leastMs = options.on === 'aws' ? AWS_POLL_MS : LOCAL_POLL_MS;
      await sleep(pollPauseMs(leastMs, tookMs), undefined, { signal }).catch(() => {});
    }
  } catch (error) {
    if (error instanceof CancelledError) throw new CancelledError(`${error.message}; ${hint}`);
    // resuming would meet an error such as wrong input again
    const { name } = parseRootFailure(error instanceof Error ? error : new Error(String(error)));
    const failed = await listFailed(target.store, runId).catch(() => ''); // the store may be the cause
    const message = `${explain(error)}${isRetryable(name) ? `; ${hint}` : ''}${failed}`;
    throw name === 'InputError' ? new InputError(message, { cause: error }) : new Error(message, { cause: error });
  } finally {
    progress.stop();
  }
}

/** How this command was started, so that the hint can be pasted. */
function launcher(): string {
  if (process.env.npm_lifecycle_event) return 'npm run arvoredo --';
  const script = process.argv[1] ?? 'arvoredo';
  return script.endsWith('.mjs') ? `node ${quote(relative('', script))}` : basename(script);
}

function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** @param tookMs duration of the last poll */
export function pollPauseMs(leastMs: number, tookMs: number): number {
  return Math.max(leastMs, Math.min(MAX_POLL_MS, tookMs / POLL_SHARE - tookMs));
}
