// What comes from outside into the functions: events, requests, run ids, stored requests.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import { takeLog } from '../../lib/fanout/log-tail.ts';
import type { Orchestrator } from '../../lib/fanout/orchestrator.ts';
import { parseRunParams } from '../../lib/plan/params.ts';
import { cancelRun, checkRun, getReport, getRequest, startRun, viewRun } from '../../lib/run/run.ts';
import { createJson } from '../../lib/store/json.ts';
import { checkRunId, runKeys } from '../../lib/store/keys.ts';
import { FUZZ_RUNS, mutations } from '../fuzz.ts';
import { memoryStore } from '../memory-store.ts';

process.env.BUCKET = 'bucket';
process.env.AWS_REGION = 'us-east-1';
process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE = '1024';
process.env.ORCHESTRATOR_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:o:live';
// nothing here may reach a network: what is refused is refused before
process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
const { handler: api } = await import('../../functions/api.ts');
const { handler: predict } = await import('../../functions/predict.ts');
const WORKERS = {
  generate: (runId: unknown) => ({ runId, chunkIndex: 0 }),
  split: (runId: unknown) => ({ kind: 'split', runId, partitionIndex: 0 }),
  train: (runId: unknown) => ({ kind: 'merge', runId }),
  evaluate: (runId: unknown) => ({ runId, partitionIndex: 0 }),
};
const handlers: Record<string, (event: unknown) => Promise<unknown>> = {};
for (const name of Object.keys(WORKERS)) handlers[name] = (await import(`../../functions/${name}.ts`)).handler;

const BAD_IDS = ['', '.', '..', '../up', 'a/b', '/a', 'a/../b', 'a\\b', 'C:a', 'a%2fb', 'a\n', 'a\0', 'a b', 'a.json'];
BAD_IDS.push('-a', '_a', 'é', 'ａ', 'a*', 'a?', '~', '$LATEST', 'a'.repeat(60), 'a'.repeat(1_000_000));
const shown = (id: string) => (id.length > 60 ? `${id.length} letters` : JSON.stringify(id));

const request = (routeKey: string, { id, body, headers = {}, isBase64Encoded = false }: Record<string, unknown> = {}) =>
  api({
    routeKey,
    headers,
    body,
    isBase64Encoded,
    pathParameters: id === undefined ? {} : { id },
  } as APIGatewayProxyEventV2);

test('a task of a search gives parameters of the forest only', async () => {
  const refused = { message: /^InputError: task / };
  for (const params of [undefined, null, { seed: 1 }, { search: {} }, { data: ['s3://tables/t.csv'] }])
    await assert.rejects(handlers.train({ kind: 'fit', runId: 'r', fold: 0, params }), refused, JSON.stringify(params));
  for (const more of [{ fold: -1 }, { fold: 0.5 }, { numRows: -1 }, { fold: '0' }])
    await assert.rejects(handlers.train({ kind: 'fit', runId: 'r', fold: 0, params: {}, ...more }), refused);
  await assert.rejects(handlers.evaluate({ runId: 'r', partitionIndex: 0, params: { workers: 9 } }), refused);
});

for (const id of BAD_IDS) {
  test(`the run id ${shown(id)} is refused wherever it enters`, async () => {
    const refused = { name: 'InputError', message: /run id must be 1 to 59 letters/ };
    const short = (error: Error) => error.message.length < 1000;
    assert.throws(() => checkRunId(id), refused);
    assert.throws(() => checkRunId(id), short);
    const store = memoryStore();
    const orchestrator = {} as Orchestrator; // must not be asked
    await assert.rejects(startRun({ store, orchestrator }, id, parseRunParams({})), refused);
    await assert.rejects(cancelRun({ store, orchestrator }, id), refused);
    await assert.rejects(checkRun({ store, orchestrator }, id), refused);
    await assert.rejects(viewRun(store, id), refused);
    await assert.rejects(getRequest(store, id), refused);
    assert.throws(() => getReport(store, id), refused);
    for (const [name, event] of Object.entries(WORKERS)) {
      await assert.rejects(handlers[name](event(id)), { message: /^InputError: run id must be/ }, name);
    }
    for (const routeKey of ['GET /runs/{id}', 'DELETE /runs/{id}']) {
      assert.equal((await request(routeKey, { id })).statusCode, 400, routeKey);
    }
    assert.equal((await request('POST /runs', { body: JSON.stringify({ runId: id }) })).statusCode, 400);
    const event = { routeKey: 'POST /models/{id}/predict', headers: {}, body: '{}', pathParameters: { id } };
    assert.equal((await predict(event as unknown as APIGatewayProxyEventV2)).statusCode, 400);
    assert.deepEqual(await store.list(''), []);
  });
}

const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const EVENTS: [string, unknown][] = [
  ['null', null],
  ['a text', 'x'],
  ['another field', { runId: 'r', chunkIndex: 0, extra: 1 }],
  ['an index of text', { runId: 'r', chunkIndex: '0' }],
  ['a negative index', { runId: 'r', chunkIndex: -1 }],
  ['a fraction', { runId: 'r', chunkIndex: 0.5 }],
  ['an index that is no number any more', { runId: 'r', chunkIndex: 2 ** 53 }],
  ['an id that is a list', { runId: ['r'], chunkIndex: 0 }],
  ['deep nesting', { runId: JSON.parse(DEEP), chunkIndex: 0 }],
  ['a prototype', JSON.parse('{"__proto__":{"runId":"r","chunkIndex":0}}')],
];
for (const [name, event] of EVENTS) {
  test(`a task of ${name} is refused, in few words`, async () => {
    await assert.rejects(handlers.generate(event), (error: Error) => {
      const { message, log } = takeLog(error.message);
      assert.match(message, /^InputError: task /);
      assert.ok(message.length < 1000, 'the message is long');
      assert.ok(log!.length <= 4096, 'the log is long');
      return true;
    });
  });
}

const BODIES: [string, unknown, RegExp][] = [
  ['no JSON', '{', /must be a JSON object/],
  ['a list', '[]', /must be a JSON object/],
  ['null', 'null', /must be a JSON object/],
  ['5 MiB', JSON.stringify({ weights: 'a'.repeat(5 << 20) }), /at most, got 52/],
  ['an id of deep nesting', `{"runId":${DEEP}}`, /runId must be a string .* a deeply nested list/],
  ['a parameter of deep nesting', `{"weights":${DEEP}}`, /weights must be .* a deeply nested list/],
  ['a long parameter', JSON.stringify({ weights: 'a'.repeat(1 << 20) }), /weights must be .*…/],
  ['a long name', JSON.stringify({ ['a'.repeat(1 << 20)]: 1 }), /unknown parameter "a*…/],
  ['a prototype', '{"__proto__":{"samples":5}}', /unknown parameter "__proto__"/],
  ['an inherited name', '{"constructor":1}', /unknown parameter "constructor"/],
  ['two names', '{"runId":"a","clientToken":"b"}', /not both/],
];
for (const [name, body, message] of BODIES) {
  test(`a body of ${name} is a 400, in few words`, async () => {
    for (const isBase64Encoded of [false, true]) {
      const sent = isBase64Encoded ? Buffer.from(body as string).toString('base64') : body;
      const { statusCode, body: answer } = await request('POST /runs', { body: sent, isBase64Encoded });
      assert.equal(statusCode, 400);
      assert.match(JSON.parse(answer!).error.message, message);
      assert.ok(answer!.length < 2000);
    }
  });
}

test('a long idempotency key is a 400', async () => {
  const headers = { 'idempotency-key': 'k'.repeat(257) };
  assert.equal((await request('POST /runs', { headers })).statusCode, 400);
});

const REQUEST = { runId: 'r', params: parseRunParams({ samples: 100 }), createdAt: 'now' };

test('a stored request that is none, or of another run, is refused as damaged', async () => {
  const wrong: [unknown, RegExp][] = [
    [null, /not the request of this run/],
    [[], /not the request/],
    [{ ...REQUEST, runId: 'other' }, /not the request/],
    [{ ...REQUEST, createdAt: 5 }, /not the request/],
    [{ ...REQUEST, params: { ...REQUEST.params, samples: 1e300 } }, /run\.json: samples must be/],
    [{ ...REQUEST, params: { ...REQUEST.params, more: 1 } }, /unknown parameter "more"/],
    [{ ...REQUEST, params: null }, /parameters must be an object/],
  ];
  for (const [value, message] of wrong) {
    const store = memoryStore();
    await createJson(store, runKeys('r').run, value);
    await assert.rejects(getRequest(store, 'r'), { name: 'FormatError', message });
  }
});

test('damaged stored requests are read or refused as such', async () => {
  const property = fc.asyncProperty(mutations(Buffer.from(JSON.stringify(REQUEST))), async (bytes) => {
    const store = memoryStore();
    await store.create(runKeys('r').run, bytes);
    const error = await getRequest(store, 'r').then(
      () => undefined,
      (cause: Error) => cause,
    );
    assert.ok(error === undefined || error.name === 'FormatError', error?.stack);
  });
  await fc.assert(property, { numRuns: FUZZ_RUNS });
});
