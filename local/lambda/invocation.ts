// One invocation of a function, from its request to its outcome.

import type { SandboxFault } from './faults.ts';

export interface InvokeRequest {
  requestId: string;
  payload: Buffer;
  functionArn: string;
  /** JSON. */
  clientContext?: string;
  /** Whether the outcome carries the end of the log. */
  wantsLog?: boolean;
  fault?: SandboxFault;
}

export interface InvokeError {
  type: string;
  message: string;
  trace?: string[];
}

/** What a sandbox gives back: the handler's result, or its error as `{errorType, errorMessage, trace?}`. */
export interface InvokeResult {
  payload: Buffer;
  /** Set when the function failed. */
  error?: InvokeError;
}

export interface InvokeOutcome extends InvokeResult {
  /** From the handler's start to its answer. */
  durationMs: number;
  log: string;
}

/** An invocation on its way to a sandbox, or in one. */
export interface Job {
  request: InvokeRequest;
  resolve(outcome: InvokeOutcome): void;
}

export function failedResult(type: string, message: string): InvokeResult {
  return {
    payload: Buffer.from(JSON.stringify({ errorType: type, errorMessage: message })),
    error: { type, message },
  };
}

/** The result for an error that a runtime reports, which may be any text. */
export function reportedFailure(payload: Buffer): InvokeResult {
  try {
    const { errorType, errorMessage, trace } = JSON.parse(payload.toString());
    return { payload, error: { type: String(errorType), message: String(errorMessage), trace } };
  } catch {
    return { payload, error: { type: 'Runtime.Unknown', message: payload.toString() } };
  }
}
