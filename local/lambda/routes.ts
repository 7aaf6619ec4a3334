// Which path of the Lambda API is answered by what.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusalOf } from '../own-request.ts';
import {
  handleAccountSettings,
  handleDeleteConcurrency,
  handleGetConcurrency,
  handlePutConcurrency,
} from './concurrency-api.ts';
import { describeFunction } from './configuration.ts';
import { handleCallback, handleCheckpoint, handleGet, handleList, handleState, handleStop } from './durable/api.ts';
import { answerUnder, type CallFault } from './faults.ts';
import { ApiError, invalidParameter, sendJson } from './http.ts';
import { handleInvoke, type InvokeApi } from './invoke-api.ts';
import type { FunctionNames, Target } from './names.ts';

export interface LambdaApi extends InvokeApi {
  names: FunctionNames;
}

interface Call {
  api: LambdaApi;
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  /** What the path names first: a function, a durable execution or a callback. */
  name: string;
  action: string;
}

const ROUTES: [method: string, path: RegExp, handle: (call: Call) => void | Promise<void>][] = [
  [
    'POST',
    /^\/2015-03-31\/functions\/([^/]+)\/invocations$/,
    (call) => handleInvoke(call.api, targetOf(call), call.request, call.response),
  ],
  [
    'GET',
    /^\/2015-03-31\/functions\/?$/,
    ({ api: { names }, response }) => {
      const Functions = names.functions.map((fn) => describeFunction(names, names.resolve(fn.name)));
      sendJson(response, 200, { Functions });
    },
  ],
  [
    'GET',
    /^\/2015-03-31\/functions\/([^/]+)$/,
    (call) => {
      const target = targetOf(call);
      const Configuration = describeFunction(call.api.names, target);
      const places = call.api.concurrency.reserved(target.fn);
      const Concurrency = places === undefined ? undefined : { ReservedConcurrentExecutions: places };
      sendJson(call.response, 200, { Configuration, Code: { RepositoryType: 'S3' }, Concurrency });
    },
  ],
  [
    'GET',
    /^\/2015-03-31\/functions\/([^/]+)\/configuration$/,
    (call) => sendJson(call.response, 200, describeFunction(call.api.names, targetOf(call))),
  ],
  [
    'PUT',
    /^\/2017-10-31\/functions\/([^/]+)\/concurrency$/,
    (call) => handlePutConcurrency(call.api, targetOf(call), call.request, call.response),
  ],
  [
    'GET',
    /^\/2019-09-30\/functions\/([^/]+)\/concurrency$/,
    (call) => handleGetConcurrency(call.api, targetOf(call), call.response),
  ],
  [
    'DELETE',
    /^\/2017-10-31\/functions\/([^/]+)\/concurrency$/,
    (call) => handleDeleteConcurrency(call.api, targetOf(call), call.response),
  ],
  ['GET', /^\/2016-08-19\/account-settings\/?$/, ({ api, response }) => handleAccountSettings(api, response)],
  [
    'GET',
    /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/,
    ({ api, name, query, response }) => handleList(api, name, query, response),
  ],
  [
    'POST',
    /^\/2025-12-01\/durable-executions\/([^/]+)\/checkpoint$/,
    ({ api, name, request, response }) => handleCheckpoint(api, name, request, response),
  ],
  [
    'GET',
    /^\/2025-12-01\/durable-executions\/([^/]+)\/state$/,
    ({ api, name, query, response }) => handleState(api, name, query, response),
  ],
  [
    'GET',
    /^\/2025-12-01\/durable-executions\/([^/]+)$/,
    ({ api, name, query, response }) => handleGet(api, name, query, response),
  ],
  [
    'POST',
    /^\/2025-12-01\/durable-executions\/([^/]+)\/stop$/,
    ({ api, name, request, response }) => handleStop(api, name, request, response),
  ],
  [
    'POST',
    /^\/2025-12-01\/durable-execution-callbacks\/([^/]+)\/(succeed|fail|heartbeat)$/,
    ({ api, name, action, request, response }) => handleCallback(api, name, action, request, response),
  ],
];

/** @throws {ApiError} as the API words it */
export async function route(api: LambdaApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refusal = refusalOf(request);
  if (refusal !== undefined) throw new ApiError(403, 'AccessDeniedException', refusal);
  const [pathname, query] = splitUrl(request.url!);
  for (const [method, path, handle] of ROUTES) {
    const match = request.method === method && path.exec(pathname);
    if (!match) continue;
    const [name = '', action = ''] = match.slice(1).map(decode);
    const call = { api, request, query, name, action };
    return await answerUnder(faultOf(api, pathname, name), request, response, (to) =>
      handle({ ...call, response: to }),
    );
  }
  throw new ApiError(404, 'UnknownOperationException', `the emulator has no ${request.method} ${pathname}`);
}

/** The fault of a call about one durable execution. */
function faultOf({ engine, faults }: LambdaApi, pathname: string, arn: string): CallFault | undefined {
  const action = /^\/2025-12-01\/durable-executions\/[^/]+(?:\/(\w+))?$/.exec(pathname);
  if (!faults || !action) return undefined;
  const { functionName, input } = engine.get(arn);
  return faults.call(action[1] ?? 'get', functionName, input);
}

function splitUrl(url: string): [pathname: string, query: URLSearchParams] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, new URLSearchParams()] : [url.slice(0, mark), new URLSearchParams(url.slice(mark + 1))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidParameter(`${text} is not percent-encoded UTF-8`);
  }
}

function targetOf({ api, name, query }: Call): Target {
  return api.names.resolve(name, query.get('Qualifier') ?? undefined);
}
