// Which updates a checkpoint may hold. The rules are those of AWS's own test server.

import type { OperationAction, OperationStatus, OperationType, OperationUpdate } from '@aws-sdk/client-lambda';
import { type ApiError, invalidParameter } from '../http.ts';
import {
  MAX_CHECKPOINT_BYTES,
  MAX_ERROR_BYTES,
  MAX_EXECUTION_BYTES,
  MAX_OPERATION_PAYLOAD_BYTES,
  MAX_OPERATIONS,
  MAX_UPDATES_PER_CHECKPOINT,
} from '../limits.ts';
import { type Execution, payloadBytes } from './execution.ts';

type State = OperationStatus | 'absent';

const ABSENT: State[] = ['absent'];
const STARTED: State[] = ['STARTED'];
// a step that runs at least once may report its end without ever having reported its start
const STEP_OPEN: State[] = ['absent', 'STARTED', 'READY'];
const CONTEXT_OPEN: State[] = ['absent', 'STARTED'];
const ONCE = { START: ABSENT, CANCEL: STARTED };

/** The states in which an operation takes an action. */
const LEGAL: Record<OperationType, Partial<Record<OperationAction, State[]>>> = {
  STEP: { START: ['absent', 'READY'], SUCCEED: STEP_OPEN, FAIL: STEP_OPEN, RETRY: STEP_OPEN },
  CONTEXT: { START: ABSENT, SUCCEED: CONTEXT_OPEN, FAIL: CONTEXT_OPEN },
  WAIT: ONCE,
  CALLBACK: ONCE,
  CHAINED_INVOKE: ONCE,
  EXECUTION: { SUCCEED: ABSENT, FAIL: ABSENT },
};

/** @throws {ApiError} 400 InvalidParameterValueException, which ends the execution */
export function validateUpdates(execution: Execution, updates: OperationUpdate[]): void {
  if (updates.length > MAX_UPDATES_PER_CHECKPOINT)
    throw invalidParameter(`a checkpoint takes at most ${MAX_UPDATES_PER_CHECKPOINT} updates, got ${updates.length}`);
  const earlier = new Map<string, OperationUpdate>();
  let added = 0;
  let bytes = 0;
  for (const [i, update] of updates.entries()) {
    validateUpdate(execution, update, earlier);
    if (update.Type === 'EXECUTION' && i < updates.length - 1)
      throw invalidParameter('EXECUTION checkpoint must be the last update.');
    if (update.Action === 'RETRY') added++;
    if (update.Type !== 'EXECUTION' && !execution.operations.has(update.Id!) && !earlier.has(update.Id!)) added++;
    bytes += payloadBytes(update);
    earlier.set(update.Id!, update);
  }
  if (updates.length > 1 && bytes > MAX_CHECKPOINT_BYTES)
    throw invalidParameter(`payloads of a checkpoint hold at most ${MAX_CHECKPOINT_BYTES} bytes, got ${bytes}`);
  if (execution.numOperations + added > MAX_OPERATIONS)
    throw invalidParameter(`an execution has at most ${MAX_OPERATIONS} operations; split it over child executions`);
  if (execution.payloadBytes + bytes > MAX_EXECUTION_BYTES)
    throw invalidParameter(`an execution writes at most ${MAX_EXECUTION_BYTES} bytes; pass keys instead of data`);
}

function validateUpdate(execution: Execution, update: OperationUpdate, earlier: Map<string, OperationUpdate>): void {
  const { Id: id, ParentId: parentId, Type: type, Action: action, Payload: payload, Error: error } = update;
  if (!id) throw invalidParameter('Operation update must have an Id.');
  const operation = execution.operations.get(id);
  const states = LEGAL[type!]?.[action!];
  if (!states || (operation && operation.Type !== type))
    throw invalid(update, 'Invalid action for the given operation type.');
  if (!states.includes(operation?.Status ?? 'absent')) throw invalid(update, `Invalid current ${type} state.`);

  const first = earlier.get(id);
  const isStartThenEnd = first?.Action === 'START' && action !== 'START' && (type === 'STEP' || type === 'CONTEXT');
  if (first && !isStartThenEnd) throw invalid(update, 'Cannot update the same operation twice in a single request.');

  const parentType = parentId && (earlier.get(parentId) ?? execution.operations.get(parentId))?.Type;
  if (parentId && parentType !== 'CONTEXT') throw invalid(update, 'Invalid parent operation id.');
  if (action === 'FAIL' && payload != null) throw invalid(update, 'Cannot provide a Payload for FAIL action.');
  if (action === 'SUCCEED' && error != null) throw invalid(update, 'Cannot provide an Error for SUCCEED action.');
  if (action === 'RETRY' && !update.StepOptions) throw invalid(update, 'Invalid StepOptions for the given action.');
  if (type === 'CHAINED_INVOKE' && action === 'START' && !update.ChainedInvokeOptions?.FunctionName)
    throw invalid(update, 'Invalid ChainedInvokeOptions for the given action.');

  // a result too large for a response comes as an update of the execution; only the total limits it
  const maxBytes = type === 'EXECUTION' ? MAX_EXECUTION_BYTES : MAX_OPERATION_PAYLOAD_BYTES;
  if (Buffer.byteLength(payload ?? '') > maxBytes) throw invalid(update, `Payload must be at most ${maxBytes} bytes.`);
  if (error && Buffer.byteLength(JSON.stringify(error)) > MAX_ERROR_BYTES)
    throw invalid(update, `Error object size must be less than ${MAX_ERROR_BYTES} bytes.`);
}

function invalid({ Id: id, Name: name, Type: type, Action: action }: OperationUpdate, message: string): ApiError {
  return invalidParameter(`${message} (${type} ${action} of ${name ?? id})`);
}
