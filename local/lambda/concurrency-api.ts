// Reserved concurrency and the account's limit over HTTP. What is set here lasts until the emulator stops.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isInteger } from '../../lib/base/check.ts';
import { send } from '../http/serve.ts';
import type { Concurrency } from './concurrency.ts';
import { invalidParameter, readJson, sendJson } from './http.ts';
import type { FunctionNames, FunctionTarget } from './names.ts';

export interface ConcurrencyApi {
  concurrency: Concurrency;
  names: FunctionNames;
}

const MAX_BODY_BYTES = 1024;

/** [PutFunctionConcurrency](https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html). */
export async function handlePutConcurrency(
  { concurrency }: ConcurrencyApi,
  target: FunctionTarget,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  requireUnqualified(target);
  const body: { ReservedConcurrentExecutions?: unknown } = await readJson(request, MAX_BODY_BYTES);
  const { ReservedConcurrentExecutions: slots } = body;
  if (!isInteger(slots, 0)) {
    throw invalidParameter(`ReservedConcurrentExecutions must be an integer ≥ 0, got ${slots}`);
  }
  concurrency.reserve(target.fn, slots);
  sendJson(response, 200, { ReservedConcurrentExecutions: slots });
}

/** [GetFunctionConcurrency](https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html): an empty object when nothing is reserved. */
export function handleGetConcurrency(
  { concurrency }: ConcurrencyApi,
  target: FunctionTarget,
  response: ServerResponse,
): void {
  sendJson(response, 200, { ReservedConcurrentExecutions: concurrency.reserved(target.fn) });
}

/** [DeleteFunctionConcurrency](https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionConcurrency.html). */
export function handleDeleteConcurrency(
  { concurrency }: ConcurrencyApi,
  target: FunctionTarget,
  response: ServerResponse,
): void {
  requireUnqualified(target);
  concurrency.reserve(target.fn, undefined);
  send(response, 204, '');
}

/** [GetAccountSettings](https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html). */
export function handleAccountSettings({ concurrency, names }: ConcurrencyApi, response: ServerResponse): void {
  sendJson(response, 200, {
    AccountLimit: {
      ConcurrentExecutions: concurrency.accountLimit,
      UnreservedConcurrentExecutions: concurrency.unreserved,
    },
    AccountUsage: { FunctionCount: names.functions.length },
  });
}

function requireUnqualified({ qualifier, arn }: FunctionTarget): void {
  if (qualifier !== undefined)
    throw invalidParameter(`concurrency is reserved for a function, not for one of its versions, got ${arn}`);
}
