// One invocation of a function, answered or failed: what the client's futures are made of.

import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { type Failure, parseFailure } from '../fanout/error-class.ts';

/** How an invocation ended. */
export type Invoked = { ok: true; result: unknown } | { ok: false; error: Failure };

/** Never rejects: whether another attempt is worth it follows from the failure's name. */
export type Invoke = (functionName: string, payload: unknown, signal: AbortSignal) => Promise<Invoked>;

/** Attempts are the caller's to count: the SDK makes one. */
export function lambdaInvoker(config: LambdaClientConfig): Invoke {
  const client = new LambdaClient({ ...config, maxAttempts: 1 });
  return async (functionName, payload, signal) => {
    try {
      const { Payload, FunctionError } = await client.send(
        new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(payload ?? null) }),
        { abortSignal: signal },
      );
      const answer: unknown = JSON.parse(Payload?.transformToString() || 'null');
      return FunctionError === undefined
        ? { ok: true, result: answer }
        : { ok: false, error: parseFunctionError(answer) };
    } catch (error) {
      if (signal.aborted) return { ok: false, error: { name: 'CancelledError', message: 'called off' } };
      return { ok: false, error: explainRefusal(functionName, error) };
    }
  };
}

/** The error that a function threw has the name of its class; the platform's names contain a dot. */
function parseFunctionError(answer: unknown): Failure {
  const { errorType = 'Error', errorMessage = 'failed without a word' } = (answer ?? {}) as Record<string, string>;
  return errorType.includes('.') ? parseFailure(errorMessage, errorType) : { name: errorType, message: errorMessage };
}

/** Explain why Lambda rejected a request: no concurrency is free, an internal error, or a wrong request. */
function explainRefusal(functionName: string, cause: unknown): Failure {
  const { name, message, $fault } = cause as Error & { $fault?: 'client' | 'server' };
  if (name === 'ResourceNotFoundException') {
    return { name: 'InputError', message: `function ${functionName}, or this alias of it, does not exist` };
  }
  if (name === 'TooManyRequestsException') return parseFailure(message, name);
  return { name: $fault === 'client' ? 'InputError' : name, message: `${functionName}: ${message}` };
}
