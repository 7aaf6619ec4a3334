// Durable executions: takes checkpoints, runs what they start, and calls the handler again whenever something it has
// not seen has changed. All state is made of journal records; what is kept only here (tokens, timers, the invocation in
// progress) is created again after a restart.

import { randomUUID } from 'node:crypto';
import type { ErrorObject, OperationStatus, OperationUpdate } from '@aws-sdk/client-lambda';
import { ApiError, invalidParameter } from '../http.ts';
import { EXECUTION_TIMEOUT_MS } from '../limits.ts';
import type { FunctionTarget } from '../names.ts';
import type { Emit } from '../options.ts';
import { type ChainedInvokeOptions, ChainedInvokes } from './chained-invoke.ts';
import { type Ending, errorObject } from './endings.ts';
import { type Execution, isFinal, type KnownOperation } from './execution.ts';
import { type HandlerCallOptions, HandlerCalls } from './handler-calls.ts';
import type { Journal } from './journal.ts';
import type { Run, Runs } from './runs.ts';
import type { JournalRecord } from './shapes.ts';
import { validateUpdates } from './validate.ts';

export interface DurableEngineOptions extends ChainedInvokeOptions, HandlerCallOptions {
  journal: Pick<Journal, 'append'>;
  /** Executions that the journal held at the start. */
  runs: Runs;
  emit: Emit;
}

const EXECUTION_NAME = /^[\w-]{1,64}$/;

export class DurableEngine {
  readonly #options: DurableEngineOptions;
  readonly #runs: Runs;
  readonly #calls: HandlerCalls;
  readonly #invokes: ChainedInvokes;
  /** Left unfinished by an earlier service, and not requested since. */
  readonly #waiting = new Set<Run>();
  #isClosed = false;

  constructor(options: DurableEngineOptions) {
    this.#options = options;
    this.#runs = options.runs;
    this.#calls = new HandlerCalls(options, (run, ending) => this.#end(run, ending));
    this.#invokes = new ChainedInvokes(options, async (target, name, input) => {
      const child = this.start(target, name, input);
      await this.ended(child.arn);
      return child;
    });
  }

  /** Resume the executions that were running when the journal was last written and that `resumes` accepts; the rest wait for a `start`. */
  resume(resumes: (executionName: string) => boolean): void {
    for (const run of this.#runs.all()) {
      if (run.execution.status !== 'RUNNING') run.setEnded();
      else this.#waiting.add(run);
    }
    // a resumed execution requests those that it had started
    for (const run of [...this.#waiting]) {
      if (resumes(run.execution.name) && this.#waiting.delete(run)) this.#resume(run);
    }
  }

  #resume(run: Run): void {
    try {
      this.#limitTime(run);
      for (const operation of run.execution.operations.values()) this.#arm(run, operation);
      this.#calls.wake(run);
    } catch (cause) {
      this.#end(run, { status: 'FAILED', error: errorObject(cause) }); // the function no longer exists
    }
  }

  /** Stop without a record: running executions stay as the journal has them. */
  close(): void {
    this.#isClosed = true;
    this.#calls.close();
    this.#invokes.close();
    for (const run of this.#runs.all()) run.timers.clearAll();
  }

  get executions(): Execution[] {
    return Array.from(this.#runs.all(), (run) => run.execution);
  }

  /** @throws {ApiError} 404 when the execution does not exist */
  get(arn: string): Execution {
    return this.#runs.get(arn).execution;
  }

  /** Settles when an execution has ended. */
  ended(arn: string): Promise<void> {
    return this.#runs.get(arn).ended;
  }

  /**
   * Start an execution, or find the one that has this name and input.
   *
   * @throws {ApiError} 409 when the name is taken by another input, 400 when the function was not named with a version
   */
  start(target: FunctionTarget, name: string = randomUUID(), input = '{}'): Execution {
    if (target.qualifier === undefined)
      throw invalidParameter('You cannot invoke a durable function using an unqualified ARN.');
    if (!EXECUTION_NAME.test(name))
      throw invalidParameter(`a durable execution's name has 1 to 64 letters, digits, - and _, got ${name}`);
    const { fn, version } = target;
    const known = this.#runs.named(fn.name, version, name);
    const existing = known?.execution;
    if (known && existing) {
      if (existing.input === input) {
        if (this.#waiting.delete(known)) this.#resume(known);
        return existing;
      }
      const message = `Durable execution already started with a different payload: ${existing.arn}`;
      throw new ApiError(409, 'DurableExecutionAlreadyStartedException', message);
    }
    const arn = `${this.#options.names.arn(fn.name, version)}/durable-execution/${name}/${randomUUID()}`;
    const record = { type: 'started', arn, atMs: Date.now(), name, functionName: fn.name, version, input } as const;
    this.#options.journal.append(record);
    const run = this.#runs.add(record);
    this.#options.emit({ type: 'executionStarted', ...executionFields(run.execution) });
    this.#limitTime(run);
    this.#calls.wake(run);
    return run.execution;
  }

  /** @returns the new token, and the operations that the handler has not seen yet, its own updates included */
  checkpoint(arn: string, token: string, updates: OperationUpdate[]): { token: string; operations: KnownOperation[] } {
    const run = this.#runs.authorized(arn, token);
    const { execution } = run;
    validateUpdates(execution, updates);
    const isEnd = (update: OperationUpdate) => update.Type === 'EXECUTION';
    const changes = updates.filter((update) => !isEnd(update));
    if (changes.length > 0) {
      this.#commit(run, { type: 'updated', arn, atMs: Date.now(), updates: changes });
      run.crashes = 0;
      for (const id of new Set(changes.map((update) => update.Id!))) this.#arm(run, execution.operations.get(id)!);
    }
    run.token = randomUUID();
    const answer = { token: run.token, operations: execution.takeUnseen() };
    const end = updates.find(isEnd);
    if (end?.Action === 'SUCCEED') this.#end(run, { status: 'SUCCEEDED', result: end.Payload });
    if (end?.Action === 'FAIL') this.#end(run, { status: 'FAILED', error: end.Error });
    return answer;
  }

  state(arn: string, token: string, marker?: number, maxItems?: number) {
    return this.#runs.authorized(arn, token).execution.page(marker, maxItems);
  }

  /** End an execution from outside. Its invocation in progress finds its token invalid. */
  stop(arn: string, error: ErrorObject = {}): Execution {
    const run = this.#runs.get(arn);
    this.#waiting.delete(run);
    if (run.execution.status === 'RUNNING') this.#end(run, { status: 'STOPPED', error });
    return run.execution;
  }

  completeCallback(callbackId: string, ending: Ending<'SUCCEEDED' | 'FAILED'>): void {
    const { run, operation } = this.#runs.openCallback(callbackId);
    this.#change(run, operation.Id, ending);
  }

  heartbeat(callbackId: string): void {
    const { run, operation } = this.#runs.openCallback(callbackId);
    this.#expectHeartbeat(run, operation.Id);
  }

  #commit(run: Run, record: Exclude<JournalRecord, { type: 'started' }>): void {
    this.#options.journal.append(record);
    run.execution.apply(record);
    if (run.execution.status === 'RUNNING') return;
    run.token = undefined;
    run.timers.clearAll();
    run.setEnded();
    const { status } = run.execution;
    this.#options.emit({ type: 'executionFinished', status, ...executionFields(run.execution) });
  }

  #end(run: Run, ending: Ending<Exclude<Execution['status'], 'RUNNING'>>): void {
    this.#commit(run, { type: 'ended', arn: run.execution.arn, atMs: Date.now(), ...ending });
  }

  /** Record the end of an operation that runs outside the handler, unless it or its execution has ended. */
  #change(run: Run, id: string, ending: Ending<OperationStatus>): void {
    const operation = run.execution.operations.get(id);
    if (this.#isClosed || !operation || isFinal(operation.Status)) return;
    run.timers.clear(id);
    run.timers.clear(heartbeatTimer(id));
    this.#commit(run, { type: 'changed', arn: run.execution.arn, atMs: Date.now(), id, ...ending });
    if (run.execution.unseen.size > 0) this.#calls.wake(run);
  }

  #limitTime(run: Run): void {
    const { functionName, version } = run.execution;
    const { fn } = this.#options.names.resolve(functionName, version);
    const ms = fn.executionTimeoutMs ?? EXECUTION_TIMEOUT_MS;
    run.timers.set('timeout', run.execution.startedAt.getTime() + ms, () => {
      const ErrorMessage = `Durable execution timed out after ${ms / 1000} seconds`;
      this.#end(run, { status: 'TIMED_OUT', error: { ErrorType: 'ExecutionTimeout', ErrorMessage } });
    });
  }

  /** Start what an operation waits for: an invocation or a timer. */
  #arm(run: Run, operation: KnownOperation): void {
    const { Id: id, Type: type, Status: status } = operation;
    const { timers } = run;
    if (type === 'STEP' && status === 'PENDING') {
      const at = operation.StepDetails!.NextAttemptTimestamp!.getTime();
      timers.set(id, at, () => this.#change(run, id, { status: 'READY' }));
    }
    if (status !== 'STARTED') return;
    if (type === 'WAIT') {
      const at = operation.WaitDetails!.ScheduledEndTimestamp!.getTime();
      timers.set(id, at, () => this.#change(run, id, { status: 'SUCCEEDED' }));
    }
    if (type === 'CALLBACK') {
      const seconds = run.execution.starts.get(id)!.CallbackOptions?.TimeoutSeconds;
      const error = { ErrorType: 'Callback.Timeout', ErrorMessage: 'Callback timed out' };
      const at = operation.StartTimestamp.getTime() + (seconds ?? 0) * 1000;
      if (seconds) timers.set(id, at, () => this.#change(run, id, { status: 'TIMED_OUT', error }));
      this.#expectHeartbeat(run, id);
    }
    if (type === 'CHAINED_INVOKE') {
      run.numInvoking++;
      void this.#invokes.run(run.execution, id).then((ending) => {
        run.numInvoking--;
        if (ending) this.#change(run, id, ending);
      });
    }
  }

  #expectHeartbeat(run: Run, id: string): void {
    const seconds = run.execution.starts.get(id)?.CallbackOptions?.HeartbeatTimeoutSeconds;
    const error = { ErrorType: 'Callback.Heartbeat', ErrorMessage: 'Callback timed out on heartbeat' };
    if (!seconds) return;
    const at = Date.now() + seconds * 1000;
    run.timers.set(heartbeatTimer(id), at, () => this.#change(run, id, { status: 'TIMED_OUT', error }));
  }
}

function heartbeatTimer(operationId: string): string {
  return `${operationId} heartbeat`;
}

function executionFields({ arn, name, functionName }: Execution) {
  return { executionArn: arn, executionName: name, functionName };
}
