// Lambda: the HTTP API. Starts runs, tells how they are, cancels them.

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { InputError } from '../lib/errors.ts';
import { lambdaOrchestrator } from '../lib/lambda-orchestrator.ts';
import { parseRunParams } from '../lib/params.ts';
import { quote } from '../lib/quote.ts';
import { cancelRun, checkRun, listRuns, newRunId, runIdOfToken, startRun } from '../lib/run.ts';
import { s3Store } from '../lib/s3-store.ts';
import { matchRoute, ROUTES } from './routes.ts';
import { requireEnv } from './worker.ts';

const store = s3Store(requireEnv('BUCKET'));
const orchestrator = lambdaOrchestrator(requireEnv('ORCHESTRATOR_ARN'));

/** Parameters with a shift and a scale for each of the most features take less; Lambda itself would take 6 MiB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Errors of the caller, by name; everything else is ours: 500. */
const STATUS_CODES: Record<string, number> = { InputError: 400, URIError: 400, NotFoundError: 404, ConflictError: 409 };

export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    return await route(event);
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const statusCode = STATUS_CODES[name];
    if (statusCode) return answer(statusCode, { error: { code: name, message } });
    console.error(error);
    return answer(500, {
      error: { code: 'InternalError', message: 'something went wrong here; the log has the details' },
    });
  }
}

async function route(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const matched = event.routeKey === '$default' ? routeOfUrl(event) : event;
  const runId = matched?.pathParameters?.id ?? '';
  switch (matched?.routeKey) {
    case 'POST /runs':
      return postRun(event);
    case 'GET /runs':
      return answer(200, { runs: (await listRuns(store)).map((id) => ({ runId: id })) });
    case 'GET /runs/{id}':
      return answer(200, await checkRun(store, orchestrator, runId));
    case 'DELETE /runs/{id}':
      return answer(200, await cancelRun(store, orchestrator, runId));
    default:
      return answer(404, {
        error: { code: 'NotFoundError', message: `there is no route ${quote(event.rawPath ?? event.routeKey)}` },
      });
  }
}

/** A function URL knows no routes. */
function routeOfUrl({ requestContext, rawPath }: APIGatewayProxyEventV2) {
  return matchRoute(ROUTES, requestContext.http.method, rawPath);
}

/** Start a run. `clientToken`, in the body or as the header Idempotency-Key, makes a repeated request start it once. */
async function postRun(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { runId, clientToken = event.headers['idempotency-key'], ...input } = parseBody(event);
  for (const [name, value] of Object.entries({ runId, clientToken })) {
    if (value !== undefined && (typeof value !== 'string' || value.length < 1 || value.length > 256)) {
      throw new InputError(`${name} must be a string of 1 to 256 characters, got ${quote(value)}`);
    }
  }
  if (runId !== undefined && clientToken !== undefined) throw new InputError('give runId or clientToken, not both');
  const chosen =
    (runId as string | undefined) ?? (clientToken === undefined ? newRunId() : runIdOfToken(clientToken as string));
  const params = parseRunParams(input);
  // a run that is named keeps its own parameters; one of a token must be asked for in the same way
  const given = runId === undefined ? undefined : Object.keys(input);
  const { request } = await startRun(store, orchestrator, chosen, params, given);
  return answer(202, { runId: request.runId });
}

function parseBody(event: APIGatewayProxyEventV2): Record<string, unknown> {
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

function answer(statusCode: number, body: unknown): APIGatewayProxyStructuredResultV2 {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
