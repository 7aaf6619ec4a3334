import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Concurrency } from '../../../local/lambda/concurrency.ts';
import { isDoubled } from '../../../local/lambda/duplicates.ts';
import { EventQueue, readEvents } from '../../../local/lambda/event-queue.ts';
import { FunctionNames } from '../../../local/lambda/names.ts';
import type { Emit, LambdaEvent } from '../../../local/lambda/options.ts';
import { startLambdaService } from '../../../local/lambda/service.ts';
import { until } from '../../until.ts';
import {
  lines,
  localFunction,
  orchestratorFunction,
  startService,
  temporaryFolder,
  write,
  writeWorker,
} from './helpers.ts';

const folder = temporaryFolder();
const codeDir = writeWorker(join(folder, 'code'));
const ran = join(folder, 'ran');
const received = join(folder, 'received');
const worker = localFunction(codeDir, { environment: { RAN: ran } });
const receiver = localFunction(
  dirname(
    write(
      join(folder, 'receiver', 'index.mjs'),
      `import { appendFileSync } from 'node:fs';
       export const handler = async (event) => appendFileSync(process.env.RECEIVED, JSON.stringify(event) + '\\n');`,
    ),
  ),
  { name: 'receiver', environment: { RECEIVED: received } },
);
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:failed';
const dataDir = join(folder, 'data');
const { invoke, events, eventWhere, service } = await startService({
  dataDir,
  testHooks: { asyncDelayScale: 1e-3 }, // a minute is 60 ms
  functions: [
    { ...worker, name: 'single', reservedConcurrency: 1 },
    { ...worker, name: 'brief', reservedConcurrency: 1, maxEventAgeMs: 60_000, onFailure: QUEUE },
    { ...worker, name: 'stopped', reservedConcurrency: 0, onFailure: QUEUE },
    { ...worker, name: 'failing', maxRetries: 1, onFailure: 'arn:aws:lambda:us-east-1:000000000000:function:receiver' },
    receiver,
  ],
});

const numRuns = (id: string, file = ran) => lines(file).filter((line) => line === id).length;
const send = (FunctionName: string, payload: object) => invoke(payload, { FunctionName, InvocationType: 'Event' });
const started = (name: string) => eventWhere((event) => event.type === 'invokeStarted' && event.functionName === name);
const dropped = (name: string) =>
  eventWhere((event) => event.type === 'eventDropped' && event.functionName === name) as Promise<
    LambdaEvent & { type: 'eventDropped' }
  >;
const queued = () => lines(join(dataDir, 'queues', 'failed.jsonl')).map((line) => JSON.parse(line));

test('an asynchronous invocation waits for a concurrency slot; throttling is not a failed attempt', async () => {
  const path = join(folder, 'gate');
  const passed = invoke({ action: 'gate', path }, { FunctionName: 'single' });
  await started('single');
  await send('single', { action: 'fail', message: 'after all', id: 'waits' });
  assert.equal(numRuns('waits'), 0);
  write(path, '');
  await passed;
  const { requestId, condition } = (await eventWhere(
    (event) => event.type === 'eventDropped' && event.functionName === 'single',
  )) as LambdaEvent & { type: 'eventDropped' };
  assert.equal(condition, 'RetriesExhausted');
  assert.equal(numRuns('waits'), 3);
  const tries = events.filter((event) => event.type === 'invokeFinished' && event.requestId === requestId);
  assert.equal(tries.length, 3); // all with the same request id
  const gateEnd = events.findIndex((event) => event.type === 'invokeFinished' && event.functionName === 'single');
  const firstStart = events.findIndex((event) => event.type === 'invokeStarted' && event.requestId === requestId);
  assert.ok(gateEnd < firstStart, 'it started before the slot was free');
  assert.deepEqual(readdirSync(join(dataDir, 'events')), []);
});

test('an event that gets too old is dropped and goes to the queue of its function', async () => {
  const path = join(folder, 'never');
  void invoke({ action: 'gate', path }, { FunctionName: 'brief' }).catch(() => {});
  await started('brief');
  await send('brief', { action: 'echo', id: 'too-old' });
  const { condition, destination, requestId } = await dropped('brief');
  assert.deepEqual([condition, destination], ['EventAgeExceeded', QUEUE]);
  assert.equal(numRuns('too-old'), 0);
  const record = queued().find((each) => each.requestContext.requestId === requestId);
  assert.equal(record.version, '1.0');
  assert.deepEqual(record.requestContext, {
    requestId,
    functionArn: service.functionArn('brief'),
    condition: 'EventAgeExceeded',
    approximateInvokeCount: 0,
  });
  assert.deepEqual(record.requestPayload, { action: 'echo', id: 'too-old' });
  assert.equal('responsePayload' in record, false);
  write(path, '');
});

test('a function without any place gets nothing: its events go to the destination at once', async () => {
  await send('stopped', { action: 'echo', id: 'stopped' });
  const { requestId } = await dropped('stopped');
  assert.equal(numRuns('stopped'), 0);
  assert.ok(queued().some((record) => record.requestContext.requestId === requestId));
});

test('after the last try the record, with what the function answered, goes to another function', async () => {
  await send('failing', { action: 'fail', message: 'no such tree', id: 'failing' });
  await until('the event', () => lines(received).length > 0);
  assert.equal(numRuns('failing'), 2);
  const record = JSON.parse(lines(received)[0]);
  assert.deepEqual(
    [record.requestContext.condition, record.requestContext.approximateInvokeCount, record.requestPayload.id],
    ['RetriesExhausted', 2, 'failing'],
  );
  assert.deepEqual(record.responseContext, { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' });
  assert.equal(record.responsePayload.errorMessage, 'no such tree');
});

test('an event that was accepted outlives its emulator', async () => {
  const path = join(folder, 'second-gate');
  const options = { dataDir: join(folder, 'restarted'), functions: [worker] };
  const first = await startLambdaService(options);
  const body = JSON.stringify({ action: 'gate', path, id: 'survives' });
  const url = `${first.url}/2015-03-31/functions/worker/invocations`;
  assert.equal((await fetch(url, { method: 'POST', headers: { 'x-amz-invocation-type': 'Event' }, body })).status, 202);
  await until('the first run', () => numRuns('survives') >= 1);
  await first.close();
  write(path, '');
  const second = await startService(options);
  await second.eventWhere((event) => event.type === 'invokeFinished');
  assert.equal(numRuns('survives'), 2); // at least once: nobody knows how far the first had come
  await until('the queue to be empty', () => readdirSync(join(options.dataDir, 'events')).length === 0);
});

test('which deliveries come twice follows from the seed, and their share is the one asked for', () => {
  const payloads = Array.from({ length: 2000 }, (_, i) => JSON.stringify({ i }));
  const doubled = (seed: number, share = 0.25) =>
    payloads.filter((payload) => isDoubled({ share, seed }, 'f', payload));
  assert.deepEqual(doubled(7), doubled(7));
  assert.notDeepEqual(doubled(7), doubled(8));
  assert.ok(Math.abs(doubled(7).length - 500) < 100, `${doubled(7).length} of 2000`);
  assert.deepEqual([doubled(7, 0).length, doubled(7, 1).length], [0, 2000]);
});

test('asynchronous and chained invocations are delivered twice when it is asked for, and answer once', async () => {
  const twice = join(folder, 'twice');
  const doubling = await startService({
    dataDir: join(folder, 'doubling'),
    duplicates: { share: 1, seed: 1 },
    functions: [{ ...worker, environment: { RAN: twice } }, await orchestratorFunction(join(folder, 'orchestrator'))],
  });
  const fan = { mode: 'fan', count: 5 };
  const { result } = await doubling.invoke(fan, { FunctionName: 'orchestrator', Qualifier: 'live' });
  assert.deepEqual(result, { succeeded: 5, errors: [] });
  await doubling.invoke({ action: 'echo', id: 'event' }, { InvocationType: 'Event' });
  const ids = ['0', '1', '2', '3', '4', 'event'];
  await until('two runs of each event', () => ids.every((id) => numRuns(id, twice) >= 2));
  assert.deepEqual(
    ids.map((id) => numRuns(id, twice)),
    [2, 2, 2, 2, 2, 2],
  );
});

/** A queue by itself: its clock is the test's, and its function always fails. */
function ownQueue(t: TestContext, responseBytes = 10, dataDir = join(folder, `own-${responseBytes}`)) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const fn = { ...worker, onFailure: QUEUE };
  const names = new FunctionNames([fn], 'us-east-1', '000000000000');
  const concurrency = new Concurrency({ functions: [fn], accountLimit: 1 });
  const triesMs: number[] = [];
  const drops: { condition: string; destination?: string; atMs: number }[] = [];
  const pool = {
    async run() {
      triesMs.push(Date.now());
      concurrency.leave(fn);
      const payload = Buffer.from(JSON.stringify('x'.repeat(responseBytes)));
      return { payload, error: { type: 'Error', message: 'again' }, durationMs: 1, log: '' };
    },
  };
  const emit: Emit = (event) => {
    if (event.type === 'eventDropped') drops.push({ ...event, atMs: Date.now() });
  };
  readEvents(dataDir); // makes the folder
  const queue = new EventQueue({
    dataDir,
    names,
    concurrency,
    pool,
    emit,
    delayScale: 1,
    duplicates: { share: 0, seed: 0 },
  });
  const pass = async (ms: number, stepMs: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      t.mock.timers.tick(stepMs);
      await turn();
    }
  };
  queue.accept(names.resolve('worker'), { requestId: 'r', payload: '{}' });
  return { fn, concurrency, triesMs, drops, pass, sent: () => lines(join(dataDir, 'queues', 'failed.jsonl')) };
}

test('tries follow after one minute and after two more', async (t) => {
  const { triesMs, drops, pass } = ownQueue(t);
  await pass(400_000, 1000);
  assert.deepEqual(
    triesMs.map((atMs) => atMs - triesMs[0]),
    [0, 60_000, 180_000],
  );
  assert.deepEqual(
    drops.map(({ condition }) => condition),
    ['RetriesExhausted'],
  );
});

test('without a place an event is given up after 6 hours, at the look that follows', async (t) => {
  const { fn, concurrency, triesMs, drops, pass } = ownQueue(t);
  await turn();
  concurrency.enter(fn); // the try that comes after a minute finds no place
  const hourMs = 3_600_000;
  await pass(6 * hourMs - 1000, 1000);
  assert.deepEqual([triesMs.length, drops.length], [1, 0]);
  await pass(301_000, 1000); // looks come every 5 minutes by then
  assert.deepEqual([triesMs.length, drops[0]?.condition], [1, 'EventAgeExceeded']);
});

test('a record goes to its destination up to 1 MiB, and not beyond', async (t) => {
  for (const [responseBytes, isSent] of [
    [2 ** 20 - 600, true],
    [2 ** 20 - 300, false],
  ] as const) {
    const { drops, pass, sent } = ownQueue(t, responseBytes);
    await pass(200_000, 20_000);
    assert.deepEqual([drops[0].destination, sent().length], isSent ? [QUEUE, 1] : [undefined, 0]);
    assert.ok(!isSent || (sent()[0].length > 2 ** 20 - 300 && sent()[0].length <= 2 ** 20));
    t.mock.timers.reset();
  }
});

test('invalid options are rejected', async () => {
  const start = (given: object, options = {}) =>
    startLambdaService({ dataDir: join(folder, 'other'), functions: [{ ...worker, ...given }], ...options });
  await assert.rejects(start({ onFailure: 'arn:aws:sns:us-east-1:000000000000:topic' }), {
    name: 'InputError',
    message: /worker: onFailure must be the ARN of a function of this service .*, got arn:aws:sns/,
  });
  await assert.rejects(start({ maxEventAgeMs: 1000 }), /maxEventAgeMs must be an integer from 60000 to 21600000/);
  await assert.rejects(
    start({}, { duplicates: { share: 1.5, seed: 0 } }),
    /duplicates.share must be a number from 0 to 1, got 1.5/,
  );
  await assert.rejects(start({}, { sandboxesPer10s: 0 }), /sandboxesPer10s must be an integer ≥ 1, got 0/);
});
