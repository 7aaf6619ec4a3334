// Calls of the handlers of durable executions: soon after something has changed, and again after a crash.

import { randomUUID } from 'node:crypto';
import type { Concurrency } from '../concurrency.ts';
import { type LambdaFaults, sandboxFault } from '../faults.ts';
import type { InvokeOutcome } from '../invocation.ts';
import { MAX_CRASHES } from '../limits.ts';
import type { FunctionNames } from '../names.ts';
import type { SandboxPool } from '../pool.ts';
import { type Ending, parseReply, toEnding } from './endings.ts';
import type { Run } from './runs.ts';

export interface HandlerCallOptions {
  names: FunctionNames;
  concurrency: Concurrency;
  pool: Pick<SandboxPool, 'run'>;
  faults?: LambdaFaults;
  /** Pause after the first crash; it doubles with each further one. */
  crashDelayMs: number;
}

/** Changes within this time of each other share one call, as do those within the time that the last call took. */
const COALESCE_MS = 5;
const MAX_COALESCE_MS = 250;
const MAX_CRASH_DELAY_FACTOR = 50;

export class HandlerCalls {
  readonly #options: HandlerCallOptions;
  readonly #onEnding: (run: Run, ending: Ending<'SUCCEEDED' | 'FAILED'>) => void;
  #isClosed = false;

  /** @param onEnding gets the end of an execution, by its handler's reply or by too many crashes */
  constructor(options: HandlerCallOptions, onEnding: (run: Run, ending: Ending<'SUCCEEDED' | 'FAILED'>) => void) {
    this.#options = options;
    this.#onEnding = onEnding;
  }

  /** Ignore the replies that come from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Call the handler soon. Replaying a large state takes long, so it waits while more results are expected. */
  wake(run: Run): void {
    if (run.isActive || run.execution.status !== 'RUNNING') return;
    const moreMs = run.numInvoking > 0 ? Math.min(run.replayMs, MAX_COALESCE_MS) : 0;
    const atMs = Date.now() + Math.max(COALESCE_MS, moreMs);
    if (atMs < run.callAtMs) this.#callAt(run, atMs);
  }

  #callAt(run: Run, atMs: number): void {
    run.callAtMs = atMs;
    run.timers.set('resume', atMs, () => void this.#call(run));
  }

  /** Call the handler once, and act on its reply. */
  async #call(run: Run): Promise<void> {
    const { execution } = run;
    const { concurrency, pool, names, faults } = this.#options;
    const { fn, version, arn } = names.resolve(execution.functionName, execution.version);
    run.isActive = true;
    run.callAtMs = Infinity;
    await concurrency.enterWhenFree(fn);
    if (execution.status !== 'RUNNING') return concurrency.leave(fn);
    run.token = randomUUID();
    const UpdatedOperationIds = execution.takeUnseen().map((operation) => operation.Id);
    const event = {
      DurableExecutionArn: execution.arn,
      CheckpointToken: run.token,
      UpdatedOperationIds,
      InitialExecutionState: execution.page(),
    };
    const fault = sandboxFault(faults?.resume(execution.functionName, execution.input));
    const payload = Buffer.from(JSON.stringify(event));
    const outcome = await pool.run(fn, version, { requestId: randomUUID(), payload, functionArn: arn, fault });
    if (this.#isClosed) return;
    run.token = undefined;
    run.isActive = false;
    run.replayMs = outcome.durationMs;
    if (execution.status !== 'RUNNING') return;
    if (outcome.error) this.#afterCrash(run, outcome);
    else this.#afterReply(run, outcome.payload.toString());
  }

  #afterReply(run: Run, text: string): void {
    run.crashes = 0;
    const ending = parseReply(run.execution, text);
    if (ending) this.#onEnding(run, ending);
    else if (run.execution.unseen.size > 0) this.wake(run);
  }

  /** Retry an invocation that threw, timed out or was killed, from its last checkpoint. */
  #afterCrash(run: Run, outcome: InvokeOutcome): void {
    run.crashes++;
    if (run.crashes >= MAX_CRASHES) {
      this.#onEnding(run, toEnding(outcome));
      return;
    }
    const factor = Math.min(2 ** (run.crashes - 1), MAX_CRASH_DELAY_FACTOR);
    run.isActive = true; // changes meanwhile do not shorten the pause
    this.#callAt(run, Date.now() + this.#options.crashDelayMs * factor);
  }
}
