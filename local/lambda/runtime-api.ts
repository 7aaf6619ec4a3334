// The Runtime API, which the process in a sandbox calls. One server and port for each sandbox, because
// AWS_LAMBDA_RUNTIME_API has no path.
// Source: docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { refusalReason } from '../http/request-origin.ts';
import { readBody } from '../http/serve.ts';
import { sendJson } from './http.ts';
import type { InvokeRequest } from './invocation.ts';
import { MAX_RESPONSE_BYTES } from './limits.ts';

/** The side of a sandbox that its runtime calls. */
export interface RuntimePeer {
  /** The runtime is ready for an invocation; respond when there is one. */
  onNext(response: ServerResponse): void;
  /** @param payload undefined when it was too large. @returns false when no such invocation is running */
  onResponse(requestId: string, payload: Buffer | undefined): boolean;
  onError(requestId: string, payload: Buffer): boolean;
  onInitError(payload: Buffer): void;
}

const ROOT = '/2018-06-01/runtime/';

export function createRuntimeApi(peer: RuntimePeer): Server {
  return createServer((request, response) => {
    answer(peer, request, response).catch(() => response.destroy());
  });
}

async function answer(peer: RuntimePeer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const errorMessage = refusalReason(request);
  if (errorMessage !== undefined) return sendJson(response, 403, { errorType: 'Forbidden', errorMessage });
  const path = request.url?.startsWith(ROOT) ? request.url.slice(ROOT.length) : '';
  if (request.method === 'GET' && path === 'invocation/next') return peer.onNext(response);
  const [, requestId, outcome] = /^invocation\/([\w-]+)\/(response|error)$/.exec(path) ?? [];
  if (request.method !== 'POST' || (path !== 'init/error' && !requestId))
    return sendJson(response, 404, { errorType: 'NotFound', errorMessage: `no such path: ${request.url}` });

  const body = await readBody(request, MAX_RESPONSE_BYTES);
  if (path === 'init/error') {
    peer.onInitError(body ?? Buffer.of());
  } else {
    const isKnown =
      outcome === 'response' ? peer.onResponse(requestId, body) : peer.onError(requestId, body ?? Buffer.of());
    if (!isKnown) return sendJson(response, 400, { errorType: 'InvalidRequestID', errorMessage: 'Invalid request ID' });
    if (!body)
      return sendJson(response, 413, { errorType: 'RequestEntityTooLarge', errorMessage: 'payload too large' });
  }
  sendJson(response, 202, { status: 'OK' });
}

/** Answer a runtime that asked for an invocation. */
export function sendInvocation(response: ServerResponse, request: InvokeRequest, timeoutMs: number): void {
  const { requestId, payload, functionArn, clientContext } = request;
  const traceTime = Math.floor(Date.now() / 1000).toString(16);
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': payload.length,
    'lambda-runtime-aws-request-id': requestId,
    'lambda-runtime-deadline-ms': String(Date.now() + timeoutMs),
    'lambda-runtime-invoked-function-arn': functionArn,
    'lambda-runtime-trace-id': `Root=1-${traceTime}-${requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
    ...(clientContext && { 'lambda-runtime-client-context': clientContext }),
  });
  response.end(payload);
}
