// The shapes of data from outside: updates and errors over HTTP, records from the disk. Only the shape is checked here,
// so that other code can read the fields; `validate.ts` checks what they mean.

import type { ErrorObject, OperationStatus, OperationUpdate } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { invalidParameter } from '../http.ts';
import type { ExecutionStatus } from '../options.ts';

const MAX_SECONDS = 31_622_400; // 366 days, the longest execution

const text = () => v.nullish(v.string());
const seconds = () => v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_SECONDS)));
const timeMs = () => v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const ErrorShape = v.looseObject({
  ErrorType: text(),
  ErrorMessage: text(),
  ErrorData: text(),
  StackTrace: v.nullish(v.array(v.string())),
});

const UpdatesShape = v.array(
  v.looseObject({
    Id: text(),
    ParentId: text(),
    Name: text(),
    Type: v.picklist(['STEP', 'CONTEXT', 'WAIT', 'CALLBACK', 'CHAINED_INVOKE', 'EXECUTION']),
    SubType: text(),
    Action: v.picklist(['START', 'SUCCEED', 'FAIL', 'RETRY', 'CANCEL']),
    Payload: text(),
    Error: v.nullish(ErrorShape),
    ContextOptions: v.nullish(v.looseObject({ ReplayChildren: v.nullish(v.boolean()) })),
    StepOptions: v.nullish(v.looseObject({ NextAttemptDelaySeconds: seconds() })),
    WaitOptions: v.nullish(v.looseObject({ WaitSeconds: seconds() })),
    CallbackOptions: v.nullish(v.looseObject({ TimeoutSeconds: seconds(), HeartbeatTimeoutSeconds: seconds() })),
    ChainedInvokeOptions: v.nullish(v.looseObject({ FunctionName: text() })),
  }),
);

const STATUSES = ['STARTED', 'PENDING', 'READY', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'STOPPED'] as const;
const common = { arn: v.string(), atMs: timeMs() };
const ending = { result: text(), error: v.nullish(ErrorShape) };

const RecordShape = v.variant('type', [
  v.looseObject({
    type: v.literal('started'),
    ...common,
    name: v.string(),
    functionName: v.string(),
    version: v.string(),
    input: v.string(),
  }),
  v.looseObject({ type: v.literal('updated'), ...common, updates: UpdatesShape }),
  v.looseObject({ type: v.literal('changed'), ...common, id: v.string(), status: v.picklist(STATUSES), ...ending }),
  v.looseObject({ type: v.literal('ended'), ...common, status: v.picklist(STATUSES), ...ending }),
]);

/** @throws {ApiError} 400 when a value does not have the shape that the API defines */
export function checkUpdates(value: unknown): OperationUpdate[] {
  return check(UpdatesShape, value, 'Updates') as OperationUpdate[];
}

/** @throws {ApiError} 400 when a value does not have the shape that the API defines */
export function checkError(value: unknown): ErrorObject {
  return check(ErrorShape, value, 'Error') as ErrorObject;
}

/** Whether a value is a record of the journal. */
export function isRecord(value: unknown): value is JournalRecord {
  return v.is(RecordShape, value);
}

function check(schema: v.GenericSchema, value: unknown, name: string): unknown {
  const { success, issues, output } = v.safeParse(schema, value);
  if (success) return output;
  throw invalidParameter(`${[name, v.getDotPath(issues[0])].filter(Boolean).join('.')}: ${issues[0].message}`);
}

export type JournalRecord = { arn: string; atMs: number } & (
  | { type: 'started'; name: string; functionName: string; version: string; input: string }
  /** Accepted from the handler; its end is a separate record. */
  | { type: 'updated'; updates: OperationUpdate[] }
  /** From outside the handler: an invocation returned, a timer ran out, a callback came. */
  | { type: 'changed'; id: string; status: OperationStatus; result?: string; error?: ErrorObject }
  | { type: 'ended'; status: ExecutionStatus; result?: string; error?: ErrorObject }
);
