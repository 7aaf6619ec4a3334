import assert from 'node:assert/strict';
import { test } from 'node:test';
// biome-ignore lint/suspicious/noTsIgnore: the page's modules have no types, and need none
// @ts-ignore
import { apply, createModel, progressOf } from '../../../local/dashboard/page/model.js';

const usd = { gbSecond: 0.001, invocation: 0.01, s3Write: 0.1, s3Read: 1 };
const BEGIN = {
  type: 'emulatorStarted',
  atMs: 0,
  workers: 3,
  functions: [{ name: 'arvoredo-split', memoryMiB: 2048 }],
  usd,
};
const sandbox = { sandboxId: 'split-1', functionName: 'arvoredo-split', pid: 5 };
const started = (atMs: number, requestId: string, of: object = sandbox) => ({
  type: 'invokeStarted',
  atMs,
  requestId,
  coldStart: false,
  input: '{"partitionIndex":3}',
  ...of,
});
const finished = (atMs: number, requestId: string, more: object = {}) => ({
  type: 'invokeFinished',
  atMs,
  requestId,
  durationMs: 100,
  billedMs: 500,
  maxMemoryMiB: 300,
  ...sandbox,
  ...more,
});

function modelOf(...events: object[]) {
  const model = createModel();
  for (const event of [
    BEGIN,
    { type: 'sandboxStarted', atMs: 10, ...sandbox },
    { type: 'sandboxReady', atMs: 60, initMs: 50, ...sandbox },
    ...events,
  ])
    apply(model, event);
  return model;
}

const marksOf = (model: ReturnType<typeof createModel>) =>
  model.marks.map(({ activity, startMs, endMs }: Record<string, number>) => [activity, startMs, endMs]);

test('a sandbox starts, computes, reads, writes and waits, each as a bar of its own', () => {
  const s3 = { type: 's3', key: 'k', status: 200, requestBytes: 7, responseBytes: 9, ms: 20, sandboxId: 'split-1' };
  const model = modelOf(
    started(100, 'a'),
    { ...s3, operation: 'GetObject', atMs: 130 },
    { ...s3, operation: 'PutObject', atMs: 180 },
    finished(200, 'a'),
    started(250, 'b'),
  );
  const [cold, read, compute, write, wait] = [0, 1, 2, 3, 4];
  assert.deepEqual(marksOf(model).slice(0, 5), [
    [cold, 10, 60],
    [compute, 100, 200],
    [read, 110, 130],
    [write, 160, 180],
    [wait, 200, 250],
  ]);
  assert.deepEqual([model.s3.reads, model.s3.writes, model.s3.bytesRead, model.s3.bytesWritten], [1, 1, 18, 14]);
  // half a second of 2 GiB, one invocation, one request each way
  assert.ok(Math.abs(model.usd.functions - (0.001 + 0.01)) < 1e-12 && Math.abs(model.usd.s3 - 1.1) < 1e-12);
});

test('a sandbox that is killed ends its task as a failure with the end of its log, and the next attempt is one', () => {
  const other = { sandboxId: 'split-2', functionName: 'arvoredo-split', pid: 6 };
  const model = modelOf(
    started(100, 'a'),
    { type: 'log', atMs: 110, text: 'last words', ...sandbox },
    { type: 'sandboxExited', atMs: 150, reason: 'crashed', ...sandbox },
    { type: 'sandboxStarted', atMs: 160, ...other },
    started(170, 'b', other),
  );
  assert.deepEqual(
    [model.numFailures, model.failures[0].error.type, model.failures[0].log, model.failures[0].invocation.attempt],
    [1, 'crashed', 'last words', 1],
  );
  assert.deepEqual(marksOf(model).slice(1, 3), [[2, 100, 150], [6, 150, 150]]); // biome-ignore format: two bars
  assert.deepEqual([model.retries, model.workersInFlight, marksOf(model).at(-1)[0]], [1, 1, 5]);
});

test('an error that was told before the sandbox ended counts once; one that made room counts not at all', () => {
  const error = { type: 'Runtime.OutOfMemory', message: 'killed' };
  const told = modelOf(started(100, 'a'), finished(150, 'a', { error }), { type: 'sandboxExited', atMs: 151, reason: 'outOfMemory', ...sandbox }); // biome-ignore format: one case
  assert.deepEqual([told.numFailures, told.failures[0].error], [1, error]);
  const reaped = modelOf(started(100, 'a'), finished(150, 'a'), {
    type: 'sandboxExited',
    atMs: 160,
    reason: 'reaped',
    ...sandbox,
  });
  assert.deepEqual([reaped.numFailures, reaped.rows[0].state], [0, 'gone']);
});

test('progress counts results in the bucket, each once, and is whole when the stage says so', () => {
  const put = (key: string) => ({
    type: 's3',
    atMs: 5,
    operation: 'PutObject',
    key,
    status: 200,
    requestBytes: 1,
    responseBytes: 0,
    ms: 1,
  });
  const stage = { name: 'split', state: 'running', numTasks: 4, startedAtMs: 1 };
  const status = (more: object) => ({
    type: 'runStatus',
    atMs: 4,
    runId: 'r',
    state: 'running',
    stages: [{ ...stage, ...more }],
  });
  const names = ['bins/bins.json', 'split/part-00000.json', 'split/part-00000.json', 'train/part-00000.arrow'];
  const model = modelOf(
    status({}),
    ...names.map((name) => put(`runs/r/${name}`)),
    {
      ...put('runs/r/split/part-00001.json'),
      status: 412,
    },
    { ...put('runs/r/split/part-00002.json'), status: 503 },
  );
  const run = model.runs.get('r');
  assert.deepEqual([progressOf(run, 'split').done, progressOf(run, 'train').state], [3, 'waiting']);
  apply(model, status({ state: 'done', finishedAtMs: 9 }));
  assert.deepEqual([progressOf(run, 'split').done, run.objects.size], [4, 4]);
});

test('an emulator that was killed and started again leaves no sandbox alive and nothing in flight', () => {
  const model = modelOf(started(100, 'a'), { ...BEGIN, atMs: 500 });
  assert.deepEqual([model.rows[0].state, model.inFlight, model.workersInFlight, model.numFailures], ['gone', 0, 0, 0]);
  assert.equal(marksOf(model).at(-1)[2], 100, 'ends with the last that was heard');
});

test('what is no event, or of a type that is not known, changes nothing', () => {
  const model = createModel();
  for (const event of [null, 5, {}, { type: 'log' }, { type: 'toString', atMs: 1 }, { type: 'new', atMs: 2 }])
    apply(model, event);
  assert.deepEqual([model.numEvents, model.marks.length, model.runs.size], [2, 0, 0]);
});
