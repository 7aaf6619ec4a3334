// What the functions behind the HTTP API share: bodies, answers, and errors as answers.

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../../lib/base/errors.ts';

/** Parameters with a shift and a scale for each of the most features take less; Lambda itself would take 6 MiB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Errors of the caller, by name; everything else is ours: 500. */
const STATUS_CODES: Record<string, number> = { InputError: 400, URIError: 400, NotFoundError: 404, ConflictError: 409 };

/** A handler that answers with the proper status whatever `route` throws. */
export function httpHandler(
  route: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>,
): (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2> {
  return async (event) => {
    try {
      return await route(event);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      const statusCode = STATUS_CODES[name];
      const { rows } = error as { rows?: unknown };
      if (statusCode)
        return answer(statusCode, { error: { code: name, message, ...(rows !== undefined && { rows }) } });
      console.error(error);
      return answer(500, {
        error: { code: 'InternalError', message: 'something went wrong here; the log has the details' },
      });
    }
  };
}

/** @throws {InputError} when the body is too large, or no JSON object */
export function parseBody(event: APIGatewayProxyEventV2): Record<string, unknown> {
  const text = event.isBase64Encoded ? Buffer.from(event.body ?? '', 'base64').toString() : (event.body ?? '{}');
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw new InputError(`the body may have ${MAX_BODY_BYTES} bytes at most, got ${Buffer.byteLength(text)}`);
  }
  try {
    const body: unknown = JSON.parse(text || '{}');
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new InputError('the body must be a JSON object of parameters');
}

export function answer(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
