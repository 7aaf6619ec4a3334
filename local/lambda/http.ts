// Requests and responses of the Invoke API, the durable API and the Runtime API.

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { readBody, send } from '../http/serve.ts';

/** An error as AWS sends it: a status, a name in `x-amzn-errortype`, a JSON body. */
export class ApiError extends Error {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly fields: Record<string, unknown>;

  constructor(
    status: number,
    name: string,
    message: string,
    { headers = {}, fields = {} }: { headers?: OutgoingHttpHeaders; fields?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.name = name;
    this.status = status;
    this.headers = headers;
    this.fields = fields;
  }
}

export function invalidParameter(message: string): ApiError {
  return new ApiError(400, 'InvalidParameterValueException', message);
}

/** Answer with JSON; dates become seconds since 1970, as AWS's JSON protocol has them. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers?: OutgoingHttpHeaders): void {
  const json = JSON.stringify(body, function (this: Record<string, unknown>, key, value) {
    const original = this[key]; // `value` has been through Date.toJSON already
    return original instanceof Date ? original.getTime() / 1000 : value;
  });
  send(response, status, json, { 'content-type': 'application/json', ...headers });
}

export function sendError(response: ServerResponse, cause: unknown): void {
  const error = cause instanceof ApiError ? cause : new ApiError(500, 'ServiceException', String(cause));
  const type = error.status < 500 ? 'User' : 'Service';
  // some of the API's errors spell the member Message, others message
  const body = { Type: type, Message: error.message, message: error.message, ...error.fields };
  sendJson(response, error.status, body, { 'x-amzn-errortype': error.name, ...error.headers });
}

/** @throws {ApiError} 400 when the body is larger */
export async function readWhole(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const body = await readBody(request, maxBytes);
  if (!body) throw invalidParameter(`the request must have at most ${maxBytes} bytes`);
  return body;
}

/** @throws {ApiError} 400 when the body is larger, or is not a JSON object */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<object> {
  const text = (await readWhole(request, maxBytes)).toString();
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch (cause) {
    throw invalidParameter(`the request is not JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null) throw invalidParameter('the request is not a JSON object');
  return value;
}
