// All executions, found by ARN, name, token or callback.

import { FormatError } from '../../../lib/base/errors.ts';
import { ApiError, invalidParameter } from '../http.ts';
import { Execution, type KnownOperation, parseCallbackId } from './execution.ts';
import type { JournalRecord } from './shapes.ts';
import { Timers } from './timers.ts';
import { validateUpdates } from './validate.ts';

/** An execution and its state that the journal does not hold. */
export interface Run {
  execution: Execution;
  /** Token that the next checkpoint must carry; undefined while the handler is not running. */
  token?: string;
  /** Whether the handler runs, waits for a concurrency slot, or pauses before it runs again. */
  isActive: boolean;
  /** Crashes in a row without an accepted update between them. */
  crashes: number;
  /** Chained invocations that have not ended. */
  numInvoking: number;
  /** Duration of the last call of the handler. */
  replayMs: number;
  /** When the handler is to be called; Infinity when no call is planned. */
  callAtMs: number;
  timers: Timers;
  ended: Promise<void>;
  setEnded: () => void;
}

export class Runs {
  readonly #byArn = new Map<string, Run>();
  readonly #byName = new Map<string, Run>();

  constructor(records: readonly JournalRecord[]) {
    for (const record of records) {
      if (record.type === 'started') this.add(record);
      else replay(this.#byArn.get(record.arn)?.execution, record);
    }
  }

  add(record: JournalRecord & { type: 'started' }): Run {
    const execution = new Execution(record);
    let setEnded!: () => void;
    const ended = new Promise<void>((resolve) => (setEnded = resolve));
    const run: Run = {
      execution,
      isActive: false,
      crashes: 0,
      numInvoking: 0,
      replayMs: 0,
      callAtMs: Infinity,
      timers: new Timers(),
      ended,
      setEnded,
    };
    this.#byArn.set(execution.arn, run);
    this.#byName.set(nameKey(execution.functionName, execution.version, execution.name), run);
    return run;
  }

  all(): Iterable<Run> {
    return this.#byArn.values();
  }

  named(functionName: string, version: string, name: string): Run | undefined {
    return this.#byName.get(nameKey(functionName, version, name));
  }

  /** @throws {ApiError} 404 when the execution does not exist */
  get(arn: string): Run {
    const run = this.#byArn.get(arn);
    if (!run) throw new ApiError(404, 'ResourceNotFoundException', `Durable execution not found: ${arn}`);
    return run;
  }

  /** @throws {ApiError} 400 when the token is not the latest of a running invocation */
  authorized(arn: string, token: string): Run {
    const run = this.#byArn.get(arn);
    // the SDK knows this error by how the message begins, and ends the invocation but not the execution
    if (!run || run.token === undefined || run.token !== token)
      throw invalidParameter('Invalid Checkpoint Token: it has been used, or the invocation it was for is over');
    return run;
  }

  /** @throws {ApiError} 400 when nothing waits for this callback */
  openCallback(callbackId: string): { run: Run; operation: KnownOperation } {
    const named = parseCallbackId(callbackId);
    const run = named && this.#byArn.get(named.arn);
    const operation = run?.execution.operations.get(named!.id);
    if (!run || operation?.Status !== 'STARTED')
      throw new ApiError(400, 'CallbackTimeoutException', 'no callback with this id is waiting');
    return { run, operation };
  }
}

/** @throws {FormatError} when the record cannot have followed those before it */
function replay(execution: Execution | undefined, record: Exclude<JournalRecord, { type: 'started' }>): void {
  try {
    if (record.type === 'updated') validateUpdates(execution!, record.updates);
    if (record.type === 'changed' && !execution!.operations.has(record.id))
      throw new Error(`no operation ${record.id}`);
    execution!.apply(record);
  } catch (cause) {
    const message = `a record of ${record.arn} in the journal does not follow from those before it; remove the file to start afresh`;
    throw new FormatError(message, { cause });
  }
}

function nameKey(functionName: string, version: string, name: string): string {
  return `${functionName}:${version}/${name}`;
}
