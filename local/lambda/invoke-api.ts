// The Invoke API: synchronous, asynchronous and dry runs of a function.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { readBody, send } from '../http/serve.ts';
import type { Concurrency } from './concurrency.ts';
import type { DurableEngine } from './durable/engine.ts';
import type { EventQueue } from './event-queue.ts';
import { answerUnder, type LambdaFaults } from './faults.ts';
import { ApiError, invalidParameter } from './http.ts';
import type { InvokeRequest } from './invocation.ts';
import { LOG_TAIL_BYTES, MAX_ASYNC_REQUEST_BYTES, MAX_SYNC_REQUEST_BYTES } from './limits.ts';
import type { FunctionTarget } from './names.ts';
import type { Emit } from './options.ts';
import type { SandboxPool } from './pool.ts';

export interface InvokeApi {
  concurrency: Concurrency;
  pool: SandboxPool;
  engine: DurableEngine;
  queue: EventQueue;
  faults?: LambdaFaults;
  emit: Emit;
}

const TYPES = ['RequestResponse', 'Event', 'DryRun'];
const LOG_TYPES = ['None', 'Tail'];

export async function handleInvoke(
  api: InvokeApi,
  target: FunctionTarget,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const header = (name: string) => request.headers[name] as string | undefined;
  const type = header('x-amz-invocation-type') ?? 'RequestResponse';
  if (!TYPES.includes(type)) throw invalidParameter(`invocation type must be one of ${TYPES.join(', ')}, got ${type}`);
  const logType = header('x-amz-log-type') ?? 'None';
  if (!LOG_TYPES.includes(logType))
    throw invalidParameter(`log type must be one of ${LOG_TYPES.join(', ')}, got ${logType}`);
  const maxBytes = type === 'Event' ? MAX_ASYNC_REQUEST_BYTES : MAX_SYNC_REQUEST_BYTES;
  const body = await readBody(request, maxBytes);
  if (!body) {
    const message = `Request must be smaller than ${maxBytes} bytes for the InvokeFunction operation`;
    throw new ApiError(413, 'RequestTooLargeException', message);
  }
  const payload = body.length > 0 ? body : Buffer.from('{}');
  requireJson(payload.toString());
  const requestId = randomUUID();
  const headers = { 'x-amzn-requestid': requestId };
  if (type === 'DryRun') return send(response, 204, '', headers);
  const isAsync = type === 'Event';
  if (target.fn.durable) {
    const name = header('x-amz-durable-execution-name');
    const fault = api.faults?.call('start', target.fn.name, payload.toString());
    return await answerUnder(fault, request, response, (to) =>
      invokeDurable(api.engine, { target, name, payload, isAsync, headers, response: to }),
    );
  }
  const clientContext = parseClientContext(header('x-amz-client-context'));
  if (isAsync) {
    api.queue.accept(target, { requestId, payload: payload.toString(), clientContext });
    return send(response, 202, '', headers);
  }
  const wantsLog = logType === 'Tail';
  const invocation: InvokeRequest = { requestId, payload, functionArn: target.arn, clientContext, wantsLog };
  enterOrThrottle(api, target);
  const { payload: result, error, log } = await api.pool.run(target.fn, target.version, invocation);
  send(response, 200, result, {
    ...headers,
    'content-type': 'application/json',
    'x-amz-executed-version': target.version,
    ...(error && { 'x-amz-function-error': 'Unhandled' }),
    ...(wantsLog && { 'x-amz-log-result': Buffer.from(log).subarray(-LOG_TAIL_BYTES).toString('base64') }),
  });
}

function requireJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `Could not parse request body into json: ${(cause as Error).message}`;
    throw new ApiError(400, 'InvalidRequestContentException', message);
  }
}

/** The JSON in a client context, in characters that a header can hold. */
function parseClientContext(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  const json = JSON.stringify(requireJson(Buffer.from(base64, 'base64').toString()));
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function enterOrThrottle({ concurrency, emit }: InvokeApi, { fn }: FunctionTarget): void {
  const reason = concurrency.refusal(fn);
  if (!reason) {
    concurrency.enter(fn);
    return;
  }
  emit({ type: 'throttled', functionName: fn.name, reason });
  throw new ApiError(429, 'TooManyRequestsException', 'Rate Exceeded.', {
    headers: { 'retry-after': '1' },
    fields: { Reason: reason },
  });
}

async function invokeDurable(
  engine: DurableEngine,
  {
    target,
    name,
    payload,
    isAsync,
    headers,
    response,
  }: {
    target: FunctionTarget;
    name: string | undefined;
    payload: Buffer;
    isAsync: boolean;
    headers: OutgoingHttpHeaders;
    response: ServerResponse;
  },
): Promise<void> {
  const execution = engine.start(target, name, payload.toString());
  const allHeaders = {
    ...headers,
    'x-amz-durable-execution-arn': execution.arn,
    'x-amz-durable-execution-name': execution.name,
    'x-amz-executed-version': target.version,
  };
  if (isAsync) return send(response, 202, '', allHeaders);
  await engine.ended(execution.arn);
  const { status, result = 'null', error = {} } = execution;
  const json = { ...allHeaders, 'content-type': 'application/json' };
  if (status === 'SUCCEEDED') return send(response, 200, result, json);
  const {
    ErrorType: errorType = status,
    ErrorMessage: errorMessage = '',
    ErrorData: errorData,
    StackTrace: trace,
  } = error;
  const failure = JSON.stringify({ errorType, errorMessage, errorData, trace });
  send(response, 200, failure, { ...json, 'x-amz-function-error': 'Unhandled' });
}
