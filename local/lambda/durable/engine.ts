// Durable executions: takes checkpoints, runs what they start, and calls the handler again whenever something it has
// not seen has changed. All state is made of journal records; what is kept only here (tokens, timers, the invocation in
// progress) is created again after a restart.

import { createHash, randomUUID } from 'node:crypto';
import type { ErrorObject, OperationStatus, OperationUpdate } from '@aws-sdk/client-lambda';
import type { Authorize } from '../../iam/authorizer.ts';
import type { Concurrency } from '../concurrency.ts';
import { type DuplicateOptions, isDoubled } from '../duplicates.ts';
import { type LambdaFaults, sandboxFault } from '../faults.ts';
import { ApiError, invalidParameter } from '../http.ts';
import { EXECUTION_TIMEOUT_MS, MAX_CRASHES } from '../limits.ts';
import type { FunctionNames, FunctionTarget } from '../names.ts';
import type { Emit } from '../options.ts';
import type { SandboxPool } from '../pool.ts';
import type { InvokeOutcome } from '../sandbox.ts';
import { type Ending, errorObject, failedEnding, parseReply, toEnding } from './endings.ts';
import { type Execution, isFinal, type KnownOperation } from './execution.ts';
import type { Journal } from './journal.ts';
import type { Run, Runs } from './runs.ts';
import type { JournalRecord } from './shapes.ts';
import { validateUpdates } from './validate.ts';

export interface DurableEngineOptions {
  names: FunctionNames;
  concurrency: Concurrency;
  pool: Pick<SandboxPool, 'run'>;
  journal: Pick<Journal, 'append'>;
  /** Executions that the journal held at the start. */
  runs: Runs;
  emit: Emit;
  crashDelayMs: number;
  duplicates: DuplicateOptions;
  authorize?: Authorize;
  faults?: LambdaFaults;
}

/** Changes within this time of each other share one resume, as do those within the time that the last resume took. */
const COALESCE_MS = 5;
const MAX_COALESCE_MS = 250;
const MAX_CRASH_DELAY_FACTOR = 50;
const EXECUTION_NAME = /^[\w-]{1,64}$/;

export class DurableEngine {
  readonly #options: DurableEngineOptions;
  readonly #runs: Runs;
  /** Left unfinished by an earlier service, and not requested since. */
  readonly #waiting = new Set<Run>();
  #isClosed = false;

  constructor(options: DurableEngineOptions) {
    this.#options = options;
    this.#runs = options.runs;
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
      this.#wake(run);
    } catch (cause) {
      this.#end(run, { status: 'FAILED', error: errorObject(cause) }); // the function no longer exists
    }
  }

  /** Stop without a record: running executions stay as the journal has them. */
  close(): void {
    this.#isClosed = true;
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
    this.#wake(run);
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
    if (run.execution.unseen.size > 0) this.#wake(run);
  }

  #target({ execution }: Run): FunctionTarget {
    return this.#options.names.resolve(execution.functionName, execution.version);
  }

  #limitTime(run: Run): void {
    const ms = this.#target(run).fn.executionTimeoutMs ?? EXECUTION_TIMEOUT_MS;
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
      void this.#invokeTarget(run, id).then((ending) => {
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

  /** Run the target of a chained invocation once a slot is free. @returns undefined when it is no longer needed */
  async #invokeTarget(run: Run, id: string): Promise<Ending<OperationStatus> | undefined> {
    const { Payload: input = '{}', ChainedInvokeOptions: options } = run.execution.starts.get(id)!;
    const { concurrency, pool, duplicates, faults } = this.#options;
    try {
      const target = this.#options.names.resolve(options!.FunctionName!);
      const { fn, version, arn } = target;
      this.#requirePermission(run, arn);
      if (fn.durable) return await this.#invokeDurable(target, childName(run.execution, id), input);

      const fault = faults?.invoke(fn.name, input);
      if (fault?.kind === 'throttle') {
        fault.strike();
        return failedEnding('TooManyRequestsException', 'Rate Exceeded.');
      }
      await concurrency.enterWhenFree(fn);
      if (run.execution.operations.get(id)?.Status !== 'STARTED') {
        concurrency.leave(fn);
        return undefined;
      }
      const request = { requestId: randomUUID(), payload: Buffer.from(input), functionArn: arn };
      if (fault?.kind === 'doubledDelivery') fault.strike();
      if (fault?.kind === 'doubledDelivery' || isDoubled(duplicates, fn.name, input)) {
        // the result of the second delivery is discarded
        void concurrency.enterWhenFree(fn).then(() => pool.run(fn, version, request));
      }
      const outcome = await pool.run(fn, version, { ...request, fault: sandboxFault(fault) });
      if (fault?.kind !== 'lostResponse' || outcome.error || this.#isClosed) return toEnding(outcome);
      fault.strike();
      return failedEnding('ServiceException', `RequestId: ${request.requestId} Error: the answer was lost`);
    } catch (cause) {
      return { status: 'FAILED', error: errorObject(cause) };
    }
  }

  /** @throws {ApiError} 403 when the role of the function that runs may not invoke it */
  #requirePermission(run: Run, arn: string): void {
    const { role } = this.#target(run).fn;
    const refusal = this.#options.authorize?.(role?.accessKeyId, 'lambda:InvokeFunction', arn);
    if (refusal !== undefined) throw new ApiError(403, 'AccessDeniedException', refusal);
  }

  /** The child's name follows from its parent's operation, so that a restart finds it instead of starting another. */
  async #invokeDurable(target: FunctionTarget, name: string, input: string): Promise<Ending<OperationStatus>> {
    const child = this.start(target, name, input);
    await this.ended(child.arn);
    const { status, result, error } = child;
    return { status: status as OperationStatus, result, error };
  }

  /** Call the handler soon. Replaying a large state takes long, so it waits while more results are expected. */
  #wake(run: Run): void {
    if (run.isActive || run.execution.status !== 'RUNNING') return;
    const moreMs = run.numInvoking > 0 ? Math.min(run.replayMs, MAX_COALESCE_MS) : 0;
    const atMs = Date.now() + Math.max(COALESCE_MS, moreMs);
    if (atMs < run.driveAtMs) this.#driveAt(run, atMs);
  }

  #driveAt(run: Run, atMs: number): void {
    run.driveAtMs = atMs;
    run.timers.set('resume', atMs, () => void this.#drive(run));
  }

  /** Call the handler once, and act on its reply. */
  async #drive(run: Run): Promise<void> {
    const { execution } = run;
    const target = this.#target(run);
    run.isActive = true;
    run.driveAtMs = Infinity;
    const { concurrency, pool } = this.#options;
    await concurrency.enterWhenFree(target.fn);
    if (execution.status !== 'RUNNING') return concurrency.leave(target.fn);
    run.token = randomUUID();
    const UpdatedOperationIds = execution.takeUnseen().map((operation) => operation.Id);
    const event = {
      DurableExecutionArn: execution.arn,
      CheckpointToken: run.token,
      UpdatedOperationIds,
      InitialExecutionState: execution.page(),
    };
    const fault = sandboxFault(this.#options.faults?.resume(execution.functionName, execution.input));
    const payload = Buffer.from(JSON.stringify(event));
    const request = { requestId: randomUUID(), payload, functionArn: target.arn, fault };
    const outcome = await pool.run(target.fn, target.version, request);
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
    if (ending) this.#end(run, ending);
    else if (run.execution.unseen.size > 0) this.#wake(run);
  }

  /** Retry an invocation that threw, timed out or was killed, from its last checkpoint. */
  #afterCrash(run: Run, outcome: InvokeOutcome): void {
    run.crashes++;
    if (run.crashes >= MAX_CRASHES) {
      this.#end(run, toEnding(outcome));
      return;
    }
    const factor = Math.min(2 ** (run.crashes - 1), MAX_CRASH_DELAY_FACTOR);
    run.isActive = true; // changes meanwhile do not shorten the pause
    this.#driveAt(run, Date.now() + this.#options.crashDelayMs * factor);
  }
}

function childName(parent: Execution, operationId: string): string {
  return createHash('sha256').update(parent.arn).update(operationId).digest('hex');
}

function heartbeatTimer(operationId: string): string {
  return `${operationId} heartbeat`;
}

function executionFields({ arn, name, functionName }: Execution) {
  return { executionArn: arn, executionName: name, functionName };
}
