import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, createModel } from '../../../local/dashboard/page/model.js';
import { selectSandboxes, stageProgress, timeRange, workerLimit } from '../../../local/dashboard/page/views.js';

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

/** Bars of all sandboxes, in the order of their starts. */
const marksOf = (model: ReturnType<typeof createModel>) =>
  model.rows
    .flatMap(({ marks }: { marks: object[][] }) => marks.flat())
    .map(({ activity, startMs, endMs }: Record<string, number>) => [activity, startMs, endMs])
    .sort((a: number[], b: number[]) => a[1] - b[1]);

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

test('a killed sandbox is a failure of its task, with the end of its log; the next attempt is a retry', () => {
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
  assert.deepEqual(marksOf(model).slice(1, 3), [
    [2, 100, 150],
    [6, 150, 150],
  ]);
  assert.deepEqual([model.retries, model.workersInFlight, marksOf(model).at(-1)[0]], [1, 1, 5]);
});

test('an error that was told before the sandbox ended counts once; one that made room counts not at all', () => {
  const error = { type: 'Runtime.OutOfMemory', message: 'killed' };
  const reported = modelOf(started(100, 'a'), finished(150, 'a', { error }), {
    type: 'sandboxExited',
    atMs: 151,
    reason: 'outOfMemory',
    ...sandbox,
  });
  assert.deepEqual([reported.numFailures, reported.failures[0].error], [1, error]);
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
  assert.deepEqual([stageProgress(run, 'split').done, stageProgress(run, 'train').state], [3, 'waiting']);
  apply(model, status({ state: 'done', finishedAtMs: 9 }));
  assert.deepEqual(
    [stageProgress(run, 'split').done, [...run.folders].map(([path, { sizes, bytes }]) => [path, sizes.size, bytes])],
    [
      4,
      [
        ['bins/', 1, 1],
        ['split/', 2, 2],
        ['train/', 1, 1],
      ],
    ],
  );
});

test('an emulator that was killed and started again leaves no sandbox alive and nothing in flight', () => {
  const model = modelOf(started(100, 'a'), { ...BEGIN, atMs: 500 });
  assert.deepEqual([model.rows[0].state, model.inFlight, model.workersInFlight, model.numFailures], ['gone', 0, 0, 0]);
  assert.equal(marksOf(model).at(-1)[2], 100, 'ends with the last that was heard');
});

test('an event with a missing or wrong field is ignored, and later events count', () => {
  const whole = [
    BEGIN,
    { type: 'sandboxStarted', atMs: 10, ...sandbox },
    started(100, 'a'),
    { type: 'log', atMs: 110, text: 'x', ...sandbox },
    { type: 'memory', atMs: 120, sandboxes: { 'split-1': 9 } },
    put('runs/r/run.json', 130),
    { type: 'runRequested', atMs: 131, runId: 'r', params: {} },
    statusOf('r', 140, 'running'),
    { type: 'partition', atMs: 150, runId: 'r', index: 0, classCounts: [1, 2], bytes: 3 },
    finished(200, 'a', { error: { type: 'E', message: 'm' } }),
    {
      type: 'executionFinished',
      atMs: 300,
      executionName: 'r',
      functionName: 'arvoredo-orchestrator',
      status: 'FAILED',
    },
    { type: 'runReport', atMs: 310, runId: 'r', tasks: {}, rows: {}, bill: 1, forecast: 1 },
    { type: 'sandboxExited', atMs: 400, reason: 'closed', ...sandbox },
  ];
  const junk = [undefined, null, 5, 'x', [], [null], {}];
  for (const [i, event] of whole.entries()) {
    for (const name of Object.keys(event).filter((key) => key !== 'type')) {
      for (const value of junk) {
        const model = createModel();
        const broken = JSON.parse(JSON.stringify({ ...event, [name]: value }));
        for (const each of whole.with(i, broken)) apply(model, each);
        const run = model.runs.get('r');
        stageProgress(run, 'split');
        selectSandboxes(model, run, timeRange(model, run, 500));
        assert.ok(run.folders.size > 0 || event.type === 's3', `${event.type} with ${name} ${JSON.stringify(value)}`);
      }
    }
  }
});

test('what is no event, or of a type that is not known, changes nothing', () => {
  const model = createModel();
  for (const event of [null, 5, {}, { type: 'log' }, { type: 'toString', atMs: 1 }, { type: 'new', atMs: 2 }])
    apply(model, event);
  assert.deepEqual([model.numEvents, marksOf(model).length, model.runs.size], [2, 0, 0]);
});

const put = (key: string, atMs: number, more: object = {}) => ({
  type: 's3',
  operation: 'PutObject',
  status: 200,
  requestBytes: 10,
  responseBytes: 0,
  ms: 1,
  key,
  atMs,
  ...more,
});
const statusOf = (runId: string, atMs: number, state: string, more: object = {}) => ({
  type: 'runStatus',
  atMs,
  runId,
  state,
  stages: [{ name: 'split', state: 'running', numTasks: 4, startedAtMs: atMs }],
  ...more,
});

test('two runs at once have each their own invocations, requests, cost, failures, time and sandboxes', () => {
  const [one, two] = ['one', 'two'].map((runId) => ({ input: JSON.stringify({ runId, partitionIndex: 1 }) }));
  const other = { sandboxId: 'split-2', functionName: 'arvoredo-split', pid: 6 };
  const large = { sandboxId: 'large-1', functionName: 'arvoredo-trainLarge', pid: 7 };
  const model = modelOf(
    { type: 'runRequested', atMs: 70, runId: 'one', params: { workers: 2 } },
    { type: 'runRequested', atMs: 80, runId: 'two', params: { workers: 9 } },
    statusOf('one', 85, 'running'),
    { type: 'sandboxStarted', atMs: 90, ...other },
    started(100, 'a', { ...sandbox, ...one }),
    started(110, 'b', { ...other, ...two }),
    put('runs/one/split/part-00000.json', 120, { sandboxId: 'split-1' }),
    put('runs/two/run.json', 130), // from who looks on
    finished(200, 'a'),
    finished(210, 'b', { ...other, error: { type: 'CrashError', message: 'no' } }),
    started(220, 'c', { ...other, ...two }),
    { type: 'sandboxStarted', atMs: 230, ...large },
    started(240, 'd', { ...large, ...one }),
    { type: 'fault', atMs: 250, kind: 'kill', runId: 'two' },
  );
  const [first, second] = ['one', 'two'].map((runId) => model.runs.get(runId));
  const countsOf = (counts: typeof first) => {
    const { workerInvocations, retries, workersInFlight, numFailures, faults, s3 } = counts;
    return [workerInvocations, retries, workersInFlight, numFailures, faults, s3.writes];
  };
  assert.deepEqual(countsOf(first), [2, 0, 1, 0, 0, 1]);
  assert.deepEqual(countsOf(second), [2, 1, 1, 1, 1, 0]);
  assert.deepEqual(countsOf(model), [4, 1, 2, 1, 1, 2]);
  assert.ok(first.usd.functions > 0 && first.usd.functions + second.usd.functions === model.usd.functions);
  assert.equal(model.lastRun, 'two', 'a status of the other does not take the page away');
  assert.deepEqual([workerLimit(model, first), workerLimit(model, second), workerLimit(model)], [2, 3, 3]);
  assert.deepEqual(timeRange(model, first, 300), { fromMs: 70, toMs: 300 });
  const idsOf = (run?: object) =>
    selectSandboxes(model, run, timeRange(model, run, 300)).map(({ id }: { id: string }) => id);
  assert.deepEqual([idsOf(first), idsOf(second)], [['split-1', 'large-1'], ['split-2']]);
  assert.equal(idsOf().length, 3);
});

test('a run that is cancelled says so, its stage ends with it, and it can be gone on with', () => {
  const model = modelOf(statusOf('r', 100, 'running'), put('runs/r/cancel.json', 150));
  const run = model.runs.get('r');
  assert.equal(run.state, 'cancelled');
  assert.deepEqual(stageProgress(run, 'split'), {
    state: 'cancelled',
    total: 4,
    done: 0,
    startedAtMs: 100,
    finishedAtMs: 150,
  });
  assert.deepEqual(timeRange(model, run, 9999).toMs, 150);
  apply(model, put('runs/r/cancel.json', 160, { operation: 'DeleteObject', status: 204 }));
  apply(model, statusOf('r', 170, 'running'));
  assert.deepEqual([run.state, timeRange(model, run, 9999).toMs], ['running', 9999]);
});

test('a failed run keeps its error; a run whose orchestrator died has failed, whatever its status', () => {
  const error = { name: 'TaskFailedError', message: 'task list failed' };
  const reported = modelOf(statusOf('r', 100, 'failed', { error })).runs.get('r');
  assert.deepEqual(
    [reported.state, reported.error, stageProgress(reported, 'split').state],
    ['failed', error, 'failed'],
  );
  const finishedAs = (status: string) => ({
    type: 'executionFinished',
    atMs: 200,
    executionName: 'r__2',
    functionName: 'arvoredo-orchestrator',
    status,
  });
  const dead = modelOf(statusOf('r', 100, 'running'), finishedAs('FAILED')).runs.get('r');
  assert.deepEqual([dead.state, dead.error.name], ['failed', 'ExecutionFailed']);
  assert.equal(modelOf(statusOf('r', 100, 'running'), finishedAs('SUCCEEDED')).runs.get('r').state, 'running');
});

test('results of folds, searches and of reading data count as progress', () => {
  const stages = [
    { name: 'generate', state: 'running', numTasks: 9, startedAtMs: 1 },
    { name: 'train', state: 'running', numTasks: 9, startedAtMs: 1 },
  ];
  const names = [
    'data/scan-00000.json',
    'data/schema.json',
    'data/file-0/piece-0',
    'folds/fold-0.json',
    'search/0/fit.json',
  ];
  const model = modelOf(statusOf('r', 1, 'running', { stages }), ...names.map((name) => put(`runs/r/${name}`, 5)));
  const run = model.runs.get('r');
  assert.deepEqual([stageProgress(run, 'generate').done, stageProgress(run, 'train').done], [2, 2]);
});
