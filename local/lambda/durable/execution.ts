// The state of one durable execution as a function of its journal records. No clock, no promises, no I/O.

import type { ErrorObject, Operation, OperationStatus, OperationUpdate } from '@aws-sdk/client-lambda';
import { MAX_STATE_PAGE, MAX_STATE_PAGE_BYTES } from '../limits.ts';
import type { ExecutionStatus } from '../options.ts';
import type { JournalRecord } from './shapes.ts';

/** An operation with the members that every operation has here. */
export type KnownOperation = Operation & { Id: string; StartTimestamp: Date; Status: OperationStatus };

type Started = JournalRecord & { type: 'started' };

export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly functionName: string;
  readonly version: string;
  readonly input: string;
  readonly startedAt: Date;
  status: ExecutionStatus = 'RUNNING';
  result?: string;
  error?: ErrorObject;
  endedAt?: Date;
  /** In the order of their starts, the execution itself first. Emptied at the end. */
  readonly operations = new Map<string, KnownOperation>();
  /** The update that started an operation, for what is not part of its state: payload, target, timeouts. */
  readonly starts = new Map<string, OperationUpdate>();
  /** Operations that changed since the handler last saw them. */
  readonly unseen = new Set<string>();
  /** Operations as they are billed and limited: retries of a step count. */
  numOperations = 1;
  payloadBytes = 0;

  constructor({ arn, name, functionName, version, input, atMs }: Started) {
    this.arn = arn;
    this.name = name;
    this.functionName = functionName;
    this.version = version;
    this.input = input;
    this.startedAt = new Date(atMs);
    const id = arn.slice(arn.lastIndexOf('/') + 1);
    this.operations.set(id, {
      Id: id,
      Type: 'EXECUTION',
      Status: 'STARTED',
      StartTimestamp: this.startedAt,
      ExecutionDetails: { InputPayload: input },
    });
  }

  /** Apply a record that is not the first. */
  apply(record: Exclude<JournalRecord, Started>): void {
    const at = new Date(record.atMs);
    if (record.type === 'updated') for (const update of record.updates) this.#update(update, at);
    else if (record.type === 'changed') this.#change(record, at);
    else this.#end(record.status, at, record.result, record.error);
  }

  /** Whether a finished context above an operation has taken its place; its children are then of no further use. */
  isPruned(operation: Operation): boolean {
    for (let id = operation.ParentId; id !== undefined; ) {
      const parent = this.operations.get(id);
      if (parent && isFinal(parent.Status) && !parent.ContextDetails?.ReplayChildren) return true;
      id = parent?.ParentId;
    }
    return false;
  }

  /** Whether something outside the handler has yet to happen, or has happened and was not seen. */
  get isWaiting(): boolean {
    if (this.unseen.size > 0) return true;
    for (const { Type: type, Status: status } of this.operations.values()) {
      if (status === 'PENDING') return true;
      if (status === 'STARTED' && (type === 'WAIT' || type === 'CALLBACK' || type === 'CHAINED_INVOKE')) return true;
    }
    return false;
  }

  /** The part of the state that begins at `marker`, a number of operations, with the marker of the next part. */
  page(marker = 0, maxItems = MAX_STATE_PAGE): { Operations: KnownOperation[]; NextMarker?: string } {
    const visible = [...this.operations.values()].filter((operation) => !this.isPruned(operation));
    const page: KnownOperation[] = [];
    let bytes = 0;
    for (const operation of visible.slice(marker, marker + maxItems)) {
      bytes += JSON.stringify(operation).length;
      if (bytes > MAX_STATE_PAGE_BYTES && page.length > 0) break;
      page.push(operation);
    }
    const end = marker + page.length;
    return { Operations: page, ...(end < visible.length && { NextMarker: String(end) }) };
  }

  /** Return the operations that the handler has not seen, and mark them as seen. */
  takeUnseen(): KnownOperation[] {
    const operations = [...this.unseen].map((id) => this.operations.get(id)!);
    this.unseen.clear();
    return operations;
  }

  #update(update: OperationUpdate, at: Date): void {
    this.payloadBytes += payloadBytes(update);
    const { Type: type, Action: action, Payload: payload, Error: error } = update;
    const id = update.Id!;
    let operation = this.operations.get(id);
    if (!operation) {
      const { ParentId, Name, Type, SubType } = update;
      operation = { Id: id, ParentId, Name, Type, SubType, Status: 'STARTED', StartTimestamp: at };
      this.operations.set(id, operation);
      this.numOperations++;
    }
    if (action === 'START') {
      operation.Status = 'STARTED';
      this.starts.set(id, update);
      const waitMs = (update.WaitOptions?.WaitSeconds ?? 0) * 1000;
      if (type === 'WAIT') operation.WaitDetails = { ScheduledEndTimestamp: new Date(at.getTime() + waitMs) };
      if (type === 'CALLBACK') operation.CallbackDetails = { CallbackId: callbackId(this.arn, id) };
      if (type === 'STEP') operation.StepDetails ??= { Attempt: 0 };
    } else if (action === 'CANCEL') {
      operation.Status = 'CANCELLED';
      operation.EndTimestamp = at;
    } else {
      if (type === 'STEP') {
        const attempt = (operation.StepDetails?.Attempt ?? 0) + 1;
        operation.StepDetails = { Attempt: attempt, Result: payload, Error: error };
      }
      if (type === 'CONTEXT') {
        const ReplayChildren = update.ContextOptions?.ReplayChildren;
        operation.ContextDetails = { Result: payload, Error: error, ReplayChildren };
      }
      if (action === 'RETRY') {
        const delayMs = (update.StepOptions?.NextAttemptDelaySeconds ?? 0) * 1000;
        operation.Status = 'PENDING';
        operation.StepDetails!.NextAttemptTimestamp = new Date(at.getTime() + delayMs);
        this.numOperations++;
      } else {
        operation.Status = action === 'SUCCEED' ? 'SUCCEEDED' : 'FAILED';
        operation.EndTimestamp = at;
      }
    }
    this.unseen.add(id);
  }

  #change({ id, status, result, error }: JournalRecord & { type: 'changed' }, at: Date): void {
    const operation = this.operations.get(id)!;
    operation.Status = status;
    if (status !== 'READY') operation.EndTimestamp = at;
    if (operation.Type === 'CHAINED_INVOKE') operation.ChainedInvokeDetails = { Result: result, Error: error };
    if (operation.Type === 'CALLBACK') Object.assign(operation.CallbackDetails!, { Result: result, Error: error });
    this.payloadBytes += Buffer.byteLength(result ?? '');
    if (!this.isPruned(operation)) this.unseen.add(id);
  }

  #end(status: ExecutionStatus, at: Date, result?: string, error?: ErrorObject): void {
    this.status = status;
    this.endedAt = at;
    this.result = result;
    this.error = error;
    this.operations.clear();
    this.starts.clear();
    this.unseen.clear();
  }
}

export function isFinal(status: OperationStatus): boolean {
  return status !== 'STARTED' && status !== 'PENDING' && status !== 'READY';
}

/** Bytes that an update adds to what an execution has written. */
export function payloadBytes({ Payload: payload, Error: error }: OperationUpdate): number {
  return Buffer.byteLength(payload ?? '') + (error ? Buffer.byteLength(JSON.stringify(error)) : 0);
}

function callbackId(arn: string, operationId: string): string {
  return Buffer.from(JSON.stringify([arn, operationId])).toString('base64url');
}

/** @returns undefined when the text is not a callback id */
export function parseCallbackId(text: string): { arn: string; id: string } | undefined {
  try {
    const [arn, id] = JSON.parse(Buffer.from(text, 'base64url').toString());
    return { arn, id };
  } catch {
    return undefined;
  }
}
