import assert from 'node:assert/strict';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { ROUTES } from '../../../functions/routes.ts';
import { startHttpApi } from '../../../local/emulator/http-api.ts';
import { startLambdaService } from '../../../local/lambda/service.ts';
import { lambdaClient, localFunction, temporaryFolder, writeWorker } from '../lambda/helpers.ts';

type Invoke = Parameters<typeof startHttpApi>[0]['invoke'];
const returning =
  (value: unknown): Invoke =>
  async () => ({ payload: Buffer.from(JSON.stringify(value)) });

let events: APIGatewayProxyEventV2[];
let invoke: Invoke;
beforeEach(() => {
  events = [];
  invoke = returning({ ok: true });
});
const server = await startHttpApi({
  timeoutMs: 100,
  invoke: (event) => {
    events.push(event);
    return invoke(event);
  },
});
after(() => server.close());

interface Sent {
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

/** Plain node:http, since fetch hides the host, repeated headers and more. */
async function send(method: string, path: string, { headers = {}, body }: Sent = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${server.url}${path}`, { method, headers }, resolve).on('error', reject).end(body);
  });
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The event that a request becomes. */
async function eventOf(method: string, path: string, sent?: Sent): Promise<APIGatewayProxyEventV2> {
  await send(method, path, sent);
  assert.equal(events.length, 1);
  return events[0];
}

test('a request becomes an event of payload format 2.0', async () => {
  const before = Date.now();
  const event = await eventOf('POST', '/runs', {
    headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'test/1', connection: 'close' },
    body: '{"samples":10,"nome":"ç"}',
  });
  const { requestContext, ...rest } = event;
  const { requestId, time, timeEpoch, ...context } = requestContext;
  const host = `127.0.0.1:${server.port}`;
  assert.deepEqual(rest, {
    version: '2.0',
    routeKey: 'POST /runs',
    rawPath: '/runs',
    rawQueryString: '',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'test/1',
      connection: 'close',
      host,
      'content-length': '26',
    },
    body: '{"samples":10,"nome":"ç"}',
    isBase64Encoded: false,
  });
  assert.deepEqual(context, {
    accountId: '000000000000',
    apiId: 'local',
    domainName: host,
    domainPrefix: 'local',
    http: { method: 'POST', path: '/runs', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test/1' },
    routeKey: 'POST /runs',
    stage: '$default',
  });
  assert.match(requestId, /^[0-9a-f-]{36}$/);
  assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.ok(timeEpoch >= before && timeEpoch <= Date.now());
});

test('path parameters are decoded, the raw path is not', async () => {
  const event = await eventOf('GET', '/runs/a%20b%2Fc');
  assert.equal(event.routeKey, 'GET /runs/{id}');
  assert.deepEqual(event.pathParameters, { id: 'a b/c' });
  assert.equal(event.rawPath, '/runs/a%20b%2Fc');
});

test('a query is decoded, with repeated names joined by commas', async () => {
  const event = await eventOf('GET', '/runs?a=1&b=x%20y&a=2&__proto__=p');
  assert.equal(event.rawQueryString, 'a=1&b=x%20y&a=2&__proto__=p');
  assert.deepEqual(Object.entries(event.queryStringParameters!), [
    ['a', '1,2'],
    ['b', 'x y'],
    ['__proto__', 'p'],
  ]);
});

test('header names become lower case, repeated ones are joined, cookies stand apart', async () => {
  const event = await eventOf('GET', '/runs', { headers: { 'X-Two': ['1', '2'], Cookie: 'a=1; b=2' } });
  assert.equal(event.headers['x-two'], '1,2');
  assert.deepEqual(event.cookies, ['a=1', 'b=2']);
  assert.ok(!('cookie' in event.headers));
});

test('fields without a value are left out', async () => {
  const event = await eventOf('GET', '/runs');
  for (const name of ['body', 'cookies', 'pathParameters', 'queryStringParameters']) assert.ok(!(name in event), name);
  assert.equal(event.isBase64Encoded, false);
});

for (const [type, isText] of [
  ['text/csv', true],
  ['application/xml', true],
  ['application/octet-stream', false],
  ['application/x-www-form-urlencoded', false],
  [undefined, false],
] as const) {
  test(`a body of type ${type} comes as ${isText ? 'text' : 'base64'}`, async () => {
    const event = await eventOf('POST', '/runs', { headers: type ? { 'content-type': type } : {}, body: 'a=1' });
    assert.equal(event.isBase64Encoded, !isText);
    assert.equal(event.body, isText ? 'a=1' : 'YT0x');
  });
}

test('all routes of the stack are served', async () => {
  for (const route of ROUTES) {
    const [method, path] = route.split(' ') as [string, string];
    assert.equal((await send(method, path.replace('{id}', 'r1'))).status, 200, route);
  }
  assert.deepEqual(
    events.map(({ routeKey }) => routeKey),
    [...ROUTES],
  );
});

for (const [method, path] of [
  ['GET', '/'],
  ['GET', '/runs/'],
  ['GET', '/runs/a/b'],
  ['PUT', '/runs'],
  ['OPTIONS', '/runs'],
] as const) {
  test(`${method} ${path} is no route: 404`, async () => {
    const { status, headers, body } = await send(method, path);
    assert.deepEqual([status, headers['content-type'], body], [404, 'application/json', '{"message":"Not Found"}']);
    assert.equal(events.length, 0);
  });
}

test('an answer without a status code is the body of a 200', async () => {
  invoke = returning({ message: 'é' });
  const object = await send('GET', '/runs');
  assert.deepEqual([object.status, object.headers['content-type']], [200, 'application/json']);
  assert.deepEqual(JSON.parse(object.body), { message: 'é' });
  invoke = returning('plain');
  assert.equal((await send('GET', '/runs')).body, 'plain');
});

test('an answer with a status code sets status, headers, cookies and body', async () => {
  invoke = returning({
    statusCode: 202,
    headers: { 'Content-Type': 'text/csv', 'X-Number': 7 },
    cookies: ['a=1; Path=/', 'b=2'],
    body: 'x,y',
  });
  const { status, headers, body } = await send('POST', '/runs');
  assert.equal(status, 202);
  assert.equal(headers['content-type'], 'text/csv');
  assert.equal(headers['x-number'], '7');
  assert.deepEqual(headers['set-cookie'], ['a=1; Path=/', 'b=2']);
  assert.equal(headers['apigw-requestid'], events[0].requestContext.requestId);
  assert.equal(body, 'x,y');
});

test('a base64 body is decoded, a missing one is empty', async () => {
  invoke = returning({ statusCode: 200, body: 'aGk=', isBase64Encoded: true });
  assert.equal((await send('GET', '/runs')).body, 'hi');
  invoke = returning({ statusCode: 404 });
  const { status, body } = await send('GET', '/runs');
  assert.deepEqual([status, body], [404, '']);
});

const broken: [string, Invoke][] = [
  ['a function error', async () => ({ payload: Buffer.from('{"errorType":"Error"}'), functionError: 'Unhandled' })],
  ['an invocation that fails', () => Promise.reject(new Error('throttled'))],
  ['an answer that is not JSON', async () => ({ payload: Buffer.from('<') })],
  ['a body that is not a string', returning({ statusCode: 200, body: { a: 1 } })],
  ['a status code that is none', returning({ statusCode: 'ok', body: '' })],
  ['a header that cannot be sent', returning({ statusCode: 200, headers: { 'x-a': 'a\nb', 'x-b': 'b' } })],
];
for (const [name, failing] of broken) {
  test(`${name} is a 500 that tells nothing`, async () => {
    invoke = failing;
    const { status, headers, body } = await send('GET', '/runs');
    assert.deepEqual(
      [status, headers['content-type'], body],
      [500, 'application/json', '{"message":"Internal Server Error"}'],
    );
  });
}

test('a function that takes longer than the limit is a 503', async () => {
  invoke = () => new Promise(() => {});
  const { status, body } = await send('GET', '/runs');
  assert.deepEqual([status, body], [503, '{"message":"Service Unavailable"}']);
});

test('that limit is 30 s', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let onInvoked = () => {};
  const invoked = new Promise<void>((resolve) => (onInvoked = resolve));
  const slow = await startHttpApi({
    invoke: () => {
      onInvoked();
      return new Promise(() => {});
    },
  });
  t.after(() => slow.close());
  let status = 0;
  const answered = fetch(`${slow.url}/runs`).then((response) => (status = response.status));
  await invoked;
  t.mock.timers.tick(29_999);
  for (let i = 0; i < 10; i++) await turn();
  assert.equal(status, 0);
  t.mock.timers.tick(1);
  assert.equal(await Promise.race([answered, sleep(10_000, 'nothing', { ref: false })]), 503);
});

test('a body of 10 MiB is taken, one byte more is a 413', async () => {
  const limit = 10 * 1024 * 1024;
  assert.equal((await send('POST', '/runs', { body: Buffer.alloc(limit) })).status, 200);
  const { status, body } = await send('POST', '/runs', { body: Buffer.alloc(limit + 1) });
  assert.deepEqual([status, body], [413, '{"message":"Request Entity Too Large"}']);
  assert.equal(events.length, 1);
});

test('a body that the API takes and the function cannot is a 413', async () => {
  const folder = temporaryFolder();
  const codeDir = writeWorker(join(folder, 'code'));
  const lambda = await startLambdaService({ dataDir: join(folder, 'data'), functions: [localFunction(codeDir)] });
  const client = lambdaClient(lambda.url);
  const api = await startHttpApi({
    invoke: async (event) => {
      const command = new InvokeCommand({ FunctionName: 'worker', Payload: JSON.stringify(event) });
      return { payload: (await client.send(command)).Payload! };
    },
  });
  const body = 'x'.repeat(7 * 1024 * 1024);
  const response = await fetch(`${api.url}/runs`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body });
  assert.deepEqual([response.status, await response.text()], [413, '{"message":"Request Entity Too Large"}']);
  await api.close();
  client.destroy();
  await lambda.close();
});

test('a path that cannot be decoded is a 400', async () => {
  assert.equal((await send('GET', '/runs/%zz')).status, 400);
});

test('what is not for this machine never becomes an event', async () => {
  assert.equal((await send('POST', '/runs', { headers: { host: 'evil.example' } })).status, 403);
  assert.equal(events.length, 0);
});

test('other routes are served when they are given', async () => {
  const other = await startHttpApi({
    invoke: returning('pong'),
    routes: [{ routeKey: 'GET /a/{x}/b', authorization: 'NONE' }],
  });
  assert.equal(await (await fetch(`${other.url}/a/1/b`)).text(), 'pong');
  assert.equal((await fetch(`${other.url}/runs`)).status, 404);
  await other.close();
  await assert.rejects(fetch(`${other.url}/a/1/b`));
});

test('a route for those who sign, or who bring a token, refuses others, and whom it may not serve', async () => {
  const asked: string[] = [];
  const closed = await startHttpApi({
    invoke: returning('pong'),
    routes: [
      { routeKey: 'GET /signed/{x}', authorization: 'AWS_IAM' },
      { routeKey: 'GET /token', authorization: 'JWT' },
    ],
    authorize: (accessKeyId, action, resource) => {
      asked.push(`${action} ${resource}`);
      return accessKeyId === 'nobody' ? 'no policy allows it' : undefined;
    },
  });
  const status = async (path: string, authorization?: string) =>
    (await fetch(`${closed.url}${path}`, { headers: authorization === undefined ? {} : { authorization } })).status;
  const signature = (key: string) => `AWS4-HMAC-SHA256 Credential=${key}/20261124/us-east-1/execute-api/aws4_request`;
  assert.equal(await status('/signed/1'), 403);
  assert.equal(await status('/signed/1', 'Bearer x'), 403);
  assert.equal(await status('/signed/1', signature('nobody')), 403);
  assert.equal(await status('/signed/1', signature('somebody')), 200);
  assert.equal(
    asked.at(-1),
    'execute-api:Invoke arn:aws:execute-api:us-east-1:000000000000:local/$default/GET/signed/1',
  );
  assert.equal(await status('/token'), 401);
  assert.equal(await status('/token', signature('somebody')), 401);
  assert.equal(await status('/token', 'Bearer x'), 200);
  await closed.close();
});
