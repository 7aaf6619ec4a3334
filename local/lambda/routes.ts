// The routes of the Lambda API and their handlers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusalReason } from '../http/request-origin.ts';
import { type Authorize, readAccessKey } from '../iam/authorizer.ts';
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
import type { FunctionNames, FunctionTarget } from './names.ts';

export interface LambdaApi extends InvokeApi {
  names: FunctionNames;
  authorize?: Authorize;
}

interface Call {
  api: LambdaApi;
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  /** The first name in the path: a function, a durable execution or a callback. */
  name: string;
  action: string;
}

/** Permissions that a caller needs, by the word that ends the path. */
const CALLBACK_PERMISSIONS: Record<string, string> = {
  succeed: 'lambda:SendDurableExecutionCallbackSuccess',
  fail: 'lambda:SendDurableExecutionCallbackFailure',
  heartbeat: 'lambda:SendDurableExecutionCallbackHeartbeat',
};

// source of the permissions: docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
const ROUTES: [method: string, path: RegExp, permission: string, handle: (call: Call) => void | Promise<void>][] = [
  [
    'POST',
    /^\/2015-03-31\/functions\/([^/]+)\/invocations$/,
    'lambda:InvokeFunction',
    (call) => handleInvoke(call.api, parseTarget(call), call.request, call.response),
  ],
  [
    'GET',
    /^\/2015-03-31\/functions\/?$/,
    'lambda:ListFunctions',
    ({ api: { names }, response }) => {
      const Functions = names.functions.map((fn) => describeFunction(names, names.resolve(fn.name)));
      sendJson(response, 200, { Functions });
    },
  ],
  [
    'GET',
    /^\/2015-03-31\/functions\/([^/]+)$/,
    'lambda:GetFunction',
    (call) => {
      const target = parseTarget(call);
      const Configuration = describeFunction(call.api.names, target);
      const slots = call.api.concurrency.reserved(target.fn);
      const Concurrency = slots === undefined ? undefined : { ReservedConcurrentExecutions: slots };
      sendJson(call.response, 200, { Configuration, Code: { RepositoryType: 'S3' }, Concurrency });
    },
  ],
  [
    'GET',
    /^\/2015-03-31\/functions\/([^/]+)\/configuration$/,
    'lambda:GetFunctionConfiguration',
    (call) => sendJson(call.response, 200, describeFunction(call.api.names, parseTarget(call))),
  ],
  [
    'PUT',
    /^\/2017-10-31\/functions\/([^/]+)\/concurrency$/,
    'lambda:PutFunctionConcurrency',
    (call) => handlePutConcurrency(call.api, parseTarget(call), call.request, call.response),
  ],
  [
    'GET',
    /^\/2019-09-30\/functions\/([^/]+)\/concurrency$/,
    'lambda:GetFunctionConcurrency',
    (call) => handleGetConcurrency(call.api, parseTarget(call), call.response),
  ],
  [
    'DELETE',
    /^\/2017-10-31\/functions\/([^/]+)\/concurrency$/,
    'lambda:DeleteFunctionConcurrency',
    (call) => handleDeleteConcurrency(call.api, parseTarget(call), call.response),
  ],
  [
    'GET',
    /^\/2016-08-19\/account-settings\/?$/,
    'lambda:GetAccountSettings',
    ({ api, response }) => handleAccountSettings(api, response),
  ],
  [
    'GET',
    /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/,
    'lambda:ListDurableExecutionsByFunction',
    ({ api, name, query, response }) => handleList(api, name, query, response),
  ],
  [
    'POST',
    /^\/2025-12-01\/durable-executions\/([^/]+)\/checkpoint$/,
    'lambda:CheckpointDurableExecution',
    ({ api, name, request, response }) => handleCheckpoint(api, name, request, response),
  ],
  [
    'GET',
    /^\/2025-12-01\/durable-executions\/([^/]+)\/state$/,
    'lambda:GetDurableExecutionState',
    ({ api, name, query, response }) => handleState(api, name, query, response),
  ],
  [
    'GET',
    /^\/2025-12-01\/durable-executions\/([^/]+)$/,
    'lambda:GetDurableExecution',
    ({ api, name, query, response }) => handleGet(api, name, query, response),
  ],
  [
    'POST',
    /^\/2025-12-01\/durable-executions\/([^/]+)\/stop$/,
    'lambda:StopDurableExecution',
    ({ api, name, request, response }) => handleStop(api, name, request, response),
  ],
  [
    'POST',
    /^\/2025-12-01\/durable-execution-callbacks\/([^/]+)\/(succeed|fail|heartbeat)$/,
    'lambda:SendDurableExecutionCallback',
    ({ api, name, action, request, response }) => handleCallback(api, { callbackId: name, action }, request, response),
  ],
];

/** @throws {ApiError} with the API's own message */
export async function route(api: LambdaApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refusal = refusalReason(request);
  if (refusal !== undefined) throw new ApiError(403, 'AccessDeniedException', refusal);
  const [pathname, query] = splitUrl(request.url!);
  for (const [method, path, permission, handle] of ROUTES) {
    const match = request.method === method && path.exec(pathname);
    if (!match) continue;
    const [name = '', action = ''] = match.slice(1).map(decode);
    const call = { api, request, response, query, name, action };
    authorize(call, CALLBACK_PERMISSIONS[action] ?? permission, pathname);
    return await answerUnder(chooseFault(api, pathname, name), request, response, (to) =>
      handle({ ...call, response: to }),
    );
  }
  throw new ApiError(404, 'UnknownOperationException', `the emulator does not support ${request.method} ${pathname}`);
}

/** @throws {ApiError} 403 when the caller's role may not do it, 404 when the function does not exist */
function authorize(call: Call, permission: string, pathname: string): void {
  const { api, request, name } = call;
  if (!api.authorize) return;
  const [, kind] = /^\/[\d-]+\/(functions|durable-executions)\/./.exec(pathname) ?? [];
  const resource = kind === 'functions' ? parseTarget(call).arn : kind === undefined ? '*' : name;
  const refusal = api.authorize(readAccessKey(request.headers), permission, resource);
  if (refusal !== undefined) throw new ApiError(403, 'AccessDeniedException', refusal);
}

/** The fault of a call about one durable execution. */
function chooseFault({ engine, faults }: LambdaApi, pathname: string, arn: string): CallFault | undefined {
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

function parseTarget({ api, name, query }: Call): FunctionTarget {
  return api.names.resolve(name, query.get('Qualifier') ?? undefined);
}
