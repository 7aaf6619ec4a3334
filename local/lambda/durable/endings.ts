// The end of an execution or of one of its operations, read from the response of an invocation.

import type { ErrorObject } from '@aws-sdk/client-lambda';
import type { InvokeOutcome } from '../invocation.ts';
import { MAX_OPERATION_PAYLOAD_BYTES } from '../limits.ts';
import type { Execution } from './execution.ts';

export interface Ending<Status> {
  status: Status;
  result?: string;
  error?: ErrorObject;
}

export function errorObject(cause: unknown): ErrorObject {
  const { name, message } = cause as Error;
  return { ErrorType: name, ErrorMessage: message };
}

/** The end of the operation that started an invocation. */
export function toEnding({ payload, error }: InvokeOutcome): Ending<'SUCCEEDED' | 'FAILED'> {
  if (error) {
    const { type, message, trace } = error;
    return { status: 'FAILED', error: { ErrorType: type, ErrorMessage: message, StackTrace: trace } };
  }
  if (payload.length <= MAX_OPERATION_PAYLOAD_BYTES) return { status: 'SUCCEEDED', result: payload.toString() };
  const limit = `a chained invocation returns at most ${MAX_OPERATION_PAYLOAD_BYTES} bytes, got ${payload.length}`;
  return failedEnding('Function.ResponseSizeTooLarge', limit);
}

/** The end of an execution by the reply of its handler. @returns undefined when the execution is only suspended */
export function parseReply(execution: Execution, text: string): Ending<'SUCCEEDED' | 'FAILED'> | undefined {
  const reply = parse(text) as { Status?: unknown; Result?: string; Error?: ErrorObject } | null;
  if (reply?.Status === 'SUCCEEDED') return { status: 'SUCCEEDED', result: reply.Result };
  if (reply?.Status === 'FAILED') return { status: 'FAILED', error: reply.Error };
  if (reply?.Status !== 'PENDING') {
    const got = text.slice(0, 100);
    return failedEnding(
      'InvalidOutput',
      `a durable function answers with Status SUCCEEDED, FAILED or PENDING, got ${got}`,
    );
  }
  // nothing would ever wake it
  if (!execution.isWaiting)
    return failedEnding('InvalidParameterValueException', 'Cannot return PENDING status with no pending operations.');
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function failedEnding(ErrorType: string, ErrorMessage: string): Ending<'FAILED'> {
  return { status: 'FAILED', error: { ErrorType, ErrorMessage } };
}
