// Logs of events: a task that fails and is retried, and several runs.

/** Text that would break out of the page. */
export const EVIL = '</script><img src=x onerror="document.title=1">';
const sandbox = (id: string) => ({ sandboxId: id, functionName: 'arvoredo-train', pid: 7 });
export const FAILING = [
  {
    type: 'emulatorStarted',
    atMs: 0,
    workers: 2,
    functions: [{ name: 'arvoredo-train', memoryMiB: 512 }],
    usd: { gbSecond: 1e-5, invocation: 2e-7, s3Write: 5e-6, s3Read: 4e-7 },
  },
  { type: 'runRequested', atMs: 1, runId: EVIL, params: {} },
  { type: 'sandboxStarted', atMs: 10, ...sandbox('train-aaaa') },
  { type: 'sandboxReady', atMs: 100, initMs: 90, ...sandbox('train-aaaa') },
  {
    type: 'invokeStarted',
    atMs: 101,
    requestId: 'r1',
    coldStart: true,
    input: '{"kind":"merge"}',
    ...sandbox('train-aaaa'),
  },
  { type: 'log', atMs: 102, text: EVIL, ...sandbox('train-aaaa') },
  { type: 'sandboxExited', atMs: 400, reason: 'outOfMemory', ...sandbox('train-aaaa') },
  { type: 'sandboxStarted', atMs: 500, ...sandbox('train-bbbb') },
  { type: 'sandboxReady', atMs: 600, initMs: 90, ...sandbox('train-bbbb') },
  {
    type: 'invokeStarted',
    atMs: 601,
    requestId: 'r2',
    coldStart: true,
    input: '{"kind":"merge"}',
    ...sandbox('train-bbbb'),
  },
  {
    type: 'invokeFinished',
    atMs: 900,
    requestId: 'r2',
    coldStart: true,
    durationMs: 299,
    billedMs: 390,
    maxMemoryMiB: 500,
    ...sandbox('train-bbbb'),
  },
];

const request = (runId: string, atMs: number) => ({ type: 'runRequested', atMs, runId, params: { workers: 2 } });
const status = (runId: string, atMs: number, state: string, more: object = {}) => ({
  type: 'runStatus',
  atMs,
  runId,
  state,
  stages: [{ name: 'train', state: 'running', numTasks: 2, startedAtMs: atMs }],
  ...more,
});
const invoke = (runId: string, atMs: number, id: string) => [
  { type: 'sandboxStarted', atMs, ...sandbox(id) },
  { type: 'sandboxReady', atMs: atMs + 10, initMs: 9, ...sandbox(id) },
  ...[0, 1].flatMap((i) => {
    const fields = { requestId: `${id}${i}`, coldStart: i === 0, ...sandbox(id) };
    const input = JSON.stringify({ runId, treeStart: i, treeEnd: i + 1 });
    const times = { durationMs: 40, billedMs: 40, maxMemoryMiB: 50 };
    return [
      { type: 'invokeStarted', atMs: atMs + 20 + 50 * i, input, ...fields },
      { type: 'invokeFinished', atMs: atMs + 60 + 50 * i, ...times, ...fields },
    ];
  }),
];
export const SEVERAL = [
  FAILING[0],
  request('first', 1000),
  status('first', 1010, 'running'),
  ...invoke('first', 1020, 'train-1111'),
  status('first', 1300, 'failed', { error: { name: 'TaskFailedError', message: `task <b>${EVIL}</b> failed` } }),
  request('second', 900_000),
  status('second', 900_010, 'running'),
  ...invoke('second', 900_020, 'train-2222'),
  ...invoke('second', 900_030, 'train-3333'),
  {
    type: 's3',
    atMs: 900_900,
    operation: 'PutObject',
    key: 'runs/second/cancel.json',
    status: 200,
    requestBytes: 9,
    responseBytes: 0,
    ms: 1,
  },
];
