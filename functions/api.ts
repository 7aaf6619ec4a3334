// Lambda: the HTTP API. Starts runs, tells how they are, cancels them.

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { lambdaOrchestrator } from '../lib/aws/lambda-orchestrator.ts';
import { s3Store } from '../lib/aws/s3-store.ts';
import { InputError, NotFoundError } from '../lib/base/errors.ts';
import { quote } from '../lib/base/quote.ts';
import { parseRunParams, readGiven } from '../lib/plan/params.ts';
import type { Report } from '../lib/report/report.ts';
import { cancelRun, checkRun, getReport, listRuns, newRunId, runIdOfToken, startRun, viewRun } from '../lib/run/run.ts';
import { matchRoute, ROUTES } from './routes.ts';
import { answer, httpHandler, parseBody } from './shared/http.ts';
import { answerReport } from './shared/report-answer.ts';
import { requireEnv } from './shared/require-env.ts';

const store = s3Store(requireEnv('BUCKET'));
const orchestrator = lambdaOrchestrator(requireEnv('ORCHESTRATOR_ARN'));

export const handler = httpHandler(route);

async function route(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const matched = event.routeKey === '$default' ? routeOfUrl(event) : event;
  const runId = matched?.pathParameters?.id ?? '';
  switch (matched?.routeKey) {
    case 'POST /runs':
      return postRun(event);
    case 'GET /runs':
      return answer(200, { runs: (await listRuns(store)).map((id) => ({ runId: id })) });
    case 'GET /runs/{id}':
      return answer(200, await checkRun({ store, orchestrator }, runId));
    case 'GET /runs/{id}/report':
      return answerReport(event, await findReport(runId));
    case 'DELETE /runs/{id}':
      return answer(200, await cancelRun({ store, orchestrator }, runId));
    default:
      return answer(404, {
        error: { code: 'NotFoundError', message: `no route matches ${quote(event.rawPath ?? event.routeKey)}` },
      });
  }
}

/** A function URL knows no routes. */
function routeOfUrl({ requestContext, rawPath }: APIGatewayProxyEventV2) {
  return matchRoute(ROUTES, requestContext.http.method, rawPath);
}

/** @throws {NotFoundError} when the run does not exist or has no report yet */
async function findReport(runId: string): Promise<Report> {
  try {
    return await getReport(store, runId);
  } catch (cause) {
    if (!(cause instanceof NotFoundError)) throw cause;
    const { state } = await viewRun(store, runId);
    throw new NotFoundError(`run ${runId} is ${state} and has no report`, { cause });
  }
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
  const params = parseRunParams(readGiven(input));
  // a run that is named keeps its own parameters; one of a token must be asked for in the same way
  const given = runId === undefined ? undefined : Object.keys(readGiven(input));
  const { request } = await startRun({ store, orchestrator }, chosen, params, given);
  return answer(202, { runId: request.runId });
}
