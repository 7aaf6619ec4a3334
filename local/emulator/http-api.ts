// An API Gateway HTTP API in front of one function, payload format 2.0. It serves this machine only.
// Source: docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type MatchedRoute, matchRoute, ROUTES } from '../../functions/routes.ts';
import { refusalReason } from '../http/request-origin.ts';
import { type LocalServer, readBody, send, serve } from '../http/serve.ts';
import { type Authorize, readAccessKey } from '../iam/authorizer.ts';
import type { HttpRoute } from '../template/routes.ts';

const MAX_BODY_BYTES = 10 * 1024 * 1024; // API Gateway's own limit
const EXECUTE_API = 'arn:aws:execute-api:us-east-1:000000000000:local/$default/';
const TIMEOUT_MS = 30_000; // API Gateway's own limit

const OPEN_ROUTES = ROUTES.map((routeKey): HttpRoute => ({ routeKey, authorization: 'NONE' }));

export interface HttpApiOptions {
  /** @default 0, any free port */
  port?: number;
  /** Invokes the function synchronously; rejects when it cannot be invoked, with RequestTooLargeException for its size. */
  invoke(event: APIGatewayProxyEventV2): Promise<{ payload: Uint8Array; functionError?: string }>;
  /** @default those that the stack deploys, without authorization */
  routes?: readonly HttpRoute[];
  /** Called for each request that is signed with AWS credentials. @default everything is allowed */
  authorize?: Authorize;
  /** Action and resource that such a request requires. @default execute-api:Invoke on the route */
  permissionOf?(method: string, rawPath: string): [action: string, resource: string];
  /** Maximum time that a caller waits. @default 30,000, which AWS does not let anyone raise */
  timeoutMs?: number;
}

/** Serve until closed, on 127.0.0.1 only. */
export function startHttpApi(options: HttpApiOptions): Promise<LocalServer> {
  const { port = 0, invoke, routes = OPEN_ROUTES, timeoutMs = TIMEOUT_MS } = options;
  const { authorize = () => undefined, permissionOf = routePermission } = options;
  const routeKeys = routes.map(({ routeKey }) => routeKey);
  return serve(port, (request, response) => {
    answer(request, response).catch((error) => {
      if (error instanceof URIError) sendMessage(response, 400, 'Bad Request');
      // the API takes 10 MiB, but the event that holds them must fit Lambda's 6 MiB
      else if (error?.name === 'RequestTooLargeException') sendMessage(response, 413, 'Request Entity Too Large');
      else sendMessage(response, 500, 'Internal Server Error');
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_BODY_BYTES);
    if (refusalReason(request) !== undefined) return sendMessage(response, 403, 'Forbidden');
    if (body === undefined) return sendMessage(response, 413, 'Request Entity Too Large');
    const [rawPath, rawQueryString = ''] = splitOnce(request.url!, '?');
    const method = request.method!;
    const matched = matchRoute(routeKeys, method, rawPath) ?? { routeKey: '$default', pathParameters: {} };
    const route = routes.find(({ routeKey }) => routeKey === matched.routeKey);
    if (!route) return sendMessage(response, 404, 'Not Found');
    const { authorization: credentials = '' } = request.headers;
    if (route.authorization === 'JWT' && !credentials.startsWith('Bearer '))
      return sendMessage(response, 401, 'Unauthorized');
    if (route.authorization === 'AWS_IAM') {
      const accessKeyId = readAccessKey(request.headers);
      if (accessKeyId === undefined || authorize(accessKeyId, ...permissionOf(method, rawPath)) !== undefined)
        return sendMessage(response, 403, 'Forbidden');
    }
    const event = toEvent(request, { ...matched, rawPath, rawQueryString, body });
    const result = await withTimeout(invoke(event), timeoutMs);
    if (result === undefined) return sendMessage(response, 503, 'Service Unavailable');
    if (result.functionError) return sendMessage(response, 500, 'Internal Server Error');
    sendResult(response, Buffer.from(result.payload).toString(), event.requestContext.requestId);
  }
}

function routePermission(method: string, rawPath: string): [action: string, resource: string] {
  return ['execute-api:Invoke', `${EXECUTE_API}${method}${rawPath}`];
}

interface Matched extends MatchedRoute {
  rawPath: string;
  rawQueryString: string;
  body: Buffer;
}

/** The event of a request. A field without a value is left out. */
function toEvent(request: IncomingMessage, matched: Matched): APIGatewayProxyEventV2 {
  const { routeKey, rawPath, rawQueryString, pathParameters, body } = matched;
  const now = new Date();
  const { cookie, ...headers } = joinDuplicates(headerPairs(request.rawHeaders));
  const isBase64Encoded = body.length > 0 && !isText(headers['content-type']);
  const query = joinDuplicates(new URLSearchParams(rawQueryString));
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie && { cookies: cookie.split(/[;,] */) }),
    headers,
    ...(rawQueryString && { queryStringParameters: query }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: request.headers.host!,
      domainPrefix: 'local',
      http: {
        method: request.method!,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress!,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: toLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  };
}

/** Whether the body is passed as text. Found by trial on AWS: ministackorg/ministack#766; forms and bodies without a type are not. */
function isText(contentType = ''): boolean {
  return /^(text\/.*|application\/(json|xml|javascript))$/i.test(contentType.split(';')[0].trim());
}

function* headerPairs(flat: string[]): Generator<[string, string]> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i].toLowerCase(), flat[i + 1]];
}

function joinDuplicates(entries: Iterable<[string, string]>): Record<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of entries) joined.set(name, joined.has(name) ? `${joined.get(name)},${value}` : value);
  return Object.fromEntries(joined);
}

/** Format a date as in 12/Mar/2020:19:03:58 +0000. */
function toLogTime(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

/** Undefined when the time is over; the function continues to run, as on AWS. */
async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Send what the function returned: a response where it has a `statusCode`, else the body of one. */
function sendResult(response: ServerResponse, payload: string, requestId: string): void {
  const value = JSON.parse(payload);
  const result: APIGatewayProxyStructuredResultV2 =
    value?.statusCode === undefined
      ? { headers: { 'content-type': 'application/json' }, body: typeof value === 'string' ? value : payload }
      : value;
  const { statusCode = 200, headers = {}, cookies = [], isBase64Encoded = false } = result;
  const body = result.body ?? '';
  if (typeof body !== 'string') throw new TypeError(`body must be a string, got ${typeof body}`);
  response.setHeader('content-type', 'text/plain;charset=UTF-8');
  for (const [name, header] of Object.entries(headers)) response.setHeader(name, String(header));
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.setHeader('apigw-requestid', requestId);
  send(response, statusCode, Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

function sendMessage(response: ServerResponse, status: number, message: string): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name); // headers of a response that could not be sent
  send(response, status, JSON.stringify({ message }), { 'content-type': 'application/json' });
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
