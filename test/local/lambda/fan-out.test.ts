// The fan-out engine over the real durable SDK, with workers in processes.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type FanOutCounts, type FanOutOptions, withLog } from '../../../lib/fanout/index.ts';
import type { LambdaEvent } from '../../../local/lambda/options.ts';
import { until } from '../../until.ts';
import { lines, localFunction, orchestratorFunction, startService, temporaryFolder, writeWorker } from './helpers.ts';

/** What is told of an attempt that was killed. */
const LOG_PLACE = /^no log came with it: see the log group of function worker, request [0-9a-f-]{36}$/;

const folder = temporaryFolder();
const ran = join(folder, 'ran');
const workerDir = writeWorker(join(folder, 'worker'));
const environment = { RAN: ran };
const worker = localFunction(workerDir, { environment, reservedConcurrency: 4 });
const fanner = await orchestratorFunction(join(folder, 'fanner'), { name: 'fanner' }, 'fan-out-orchestrator.ts');
const { invoke, events } = await startService({
  dataDir: join(folder, 'data'),
  maxConcurrency: 30,
  testHooks: { crashDelayMs: 1 },
  functions: [
    worker,
    { ...worker, name: 'large', memoryMiB: 1024 },
    { ...worker, name: 'brief', timeoutMs: 500 },
    { ...worker, name: 'stopped', reservedConcurrency: 0 },
    fanner,
  ],
});

interface Result {
  reason: string;
  counts: FanOutCounts;
  failed: { taskId: string; attempts: number; error: { name: string; message: string; log: string } }[];
  results: unknown[];
  sums: Record<string, number> | null;
  operations: number;
}

async function run<R = Result>(
  mode: string,
  payloads: object[],
  rest: { workers?: string[]; options?: FanOutOptions } = {},
): Promise<R> {
  const event = { mode, payloads, ...rest };
  const { result, FunctionError } = await invoke(event, { FunctionName: 'fanner', Qualifier: 'live' });
  assert.equal(FunctionError, undefined, JSON.stringify(result));
  return result;
}

const echoes = (count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({ action: 'echo', i, ...more }));
const timesRan = (id: string) => lines(ran).filter((line) => line === id).length;

suite('fan-out on the durable engine', { concurrency: false }, () => {
  test('quick tasks cost their invocations, a context and one pause', async () => {
    const { reason, results, counts, operations } = await run('fan', echoes(30));
    assert.equal(reason, 'allDone');
    assert.deepEqual(
      results.map((result) => (result as { i: number }).i),
      Array.from({ length: 30 }, (_, i) => i),
    );
    assert.deepEqual([counts.done, counts.attempts, counts.abandoned], [30, 30, 0]);
    assert.equal(operations, 1 + 1 + 1 + 30);
  });

  test('a crash is tried again after a pause, wrong input is not, and every failed task is told', async () => {
    const payloads = [
      ...echoes(8),
      { action: 'fail', message: 'InputError: no such tree', id: 'wrong' },
      { action: 'exit', code: 3, id: 'crash' },
    ];
    const options = { maxAttempts: 2, backoffMs: 100, maxInFlight: 3 };
    const { reason, counts, failed } = await run('fan', payloads, { options });
    assert.equal(reason, 'tooManyFailed');
    assert.deepEqual([counts.done, counts.failed, counts.retried], [8, 2, 1]);
    assert.deepEqual(
      failed.map(({ taskId, attempts }) => [taskId, attempts]),
      [
        ['task-8', 1],
        ['task-9', 2],
      ],
    );
    assert.deepEqual([timesRan('wrong'), timesRan('crash')], [1, 2]);
  });

  test('a straggler gets a second attempt, and the first answer wins', async () => {
    const gate = join(folder, 'gate');
    // the first attempt waits for what the second one would never see: it is told to pass after the first began
    const payloads = [...echoes(11), { action: 'once', path: gate, id: 'slow' }];
    const before = performance.now();
    const { reason, counts, results } = await run('fan', payloads, { options: { pollIntervalMs: 1000 } });
    assert.equal(reason, 'allDone');
    assert.deepEqual([counts.speculative, counts.attempts, counts.abandoned, counts.retried], [1, 13, 1, 0]);
    assert.equal(results[11], 'second');
    assert.equal(timesRan('slow'), 2);
    assert.ok(performance.now() - before < 20_000, 'it did not wait for the first');
    writeFileSync(`${gate}.open`, '');
  });

  test('an orchestrator and shards that are killed repeatedly give the same results; no task runs twice', async () => {
    const ownRan = join(folder, 'ran-killed');
    const pids = new Map<string, number>();
    let numTasks = 0;
    let kills = 0;
    const own = await startService({
      dataDir: join(folder, 'killed'),
      maxConcurrency: 30,
      testHooks: { crashDelayMs: 1 },
      functions: [{ ...worker, environment: { RAN: ownRan } }, fanner],
      onEvent(event) {
        if (event.type === 'invokeStarted' && event.functionName === 'fanner') pids.set(event.sandboxId, event.pid);
        if (event.type === 'sandboxExited' || (event.type === 'invokeFinished' && event.functionName === 'fanner'))
          pids.delete(event.sandboxId);
        if (event.type !== 'invokeFinished' || event.functionName === 'fanner' || ++numTasks % 7 !== 0) return;
        for (const pid of pids.values()) {
          kills++;
          process.kill(pid, 'SIGKILL');
        }
      },
    });
    const payloads = echoes(40).map((payload) => ({ ...payload, id: String(payload.i) }));
    const event = { mode: 'fan', payloads, options: { maxTasksPerExecution: 15, maxInFlight: 6 } };
    const { result } = await own.invoke(event, { FunctionName: 'fanner', Qualifier: 'live' });
    assert.deepEqual([result.reason, result.counts.done, result.counts.attempts], ['allDone', 40, 40]);
    assert.deepEqual(
      result.results.map(({ i }: { i: number }) => i),
      Array.from({ length: 40 }, (_, i) => i),
    );
    assert.deepEqual(
      lines(ownRan)
        .map(Number)
        .sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i),
    );
    assert.ok(kills > 0);
  });

  test('slices go on with the execution that divides, when an emulator is started again', async () => {
    const dataDir = join(folder, 'again');
    const gate = join(folder, 'again-gate');
    const options = { dataDir, maxConcurrency: 30, functions: [worker, fanner] };
    const first = await startService(options);
    const payloads = Array.from({ length: 6 }, () => ({ action: 'gate', path: gate }));
    const event = { mode: 'fan', payloads, options: { maxTasksPerExecution: 3 } };
    const target = { FunctionName: 'fanner', Qualifier: 'live', DurableExecutionName: 'mine' };
    await first.invoke(event, { ...target, InvocationType: 'Event' });
    const atWork = () =>
      first.events.filter(
        ({ type, ...more }) => type === 'invokeStarted' && 'functionName' in more && more.functionName === 'worker',
      );
    await until('four workers at work', () => atWork().length >= 4);
    await first.service.close();
    writeFileSync(gate, '');
    const second = await startService({ ...options, resumes: (name) => name === 'mine' });
    const { result } = await second.invoke(event, target);
    assert.deepEqual([result.reason, result.counts.done], ['allDone', 6]);
  });

  test('a task out of memory is retried in the next memory size; beyond that its error has the numbers', async () => {
    const hog = { action: 'hog', mib: 320, id: 'hog' };
    const moved = await run('fan', [hog], { workers: ['worker', 'large'] });
    assert.deepEqual([moved.reason, moved.counts.outOfMemory, moved.counts.movedUp], ['allDone', 1, 1]);
    const lost = await run('fan', [hog], { workers: ['worker'] });
    assert.deepEqual([lost.reason, lost.counts.attempts], ['tooManyFailed', 1]);
    assert.match(
      lost.failed[0].error.message,
      /needed more memory than the 128 MiB of the largest function; make its work smaller/,
    );
    assert.match(lost.failed[0].error.log, LOG_PLACE);
  });

  test('a timeout is told as one', async () => {
    const options = { maxAttempts: 1 };
    const { counts, failed } = await run('fan', [{ action: 'spin' }], { workers: ['brief'], options });
    assert.deepEqual([counts.timedOut, failed[0].error.name], [1, 'TimeoutError']);
    assert.match(failed[0].error.log, /see the log group of function brief, request [0-9a-f-]{36}$/);
  });

  test('what a worker sends of its log with its error comes back, and is not in the message', async () => {
    const message = withLog('InputError: no such tree', 'reading tree 7\nat line 3\n');
    const { failed } = await run('fan', [{ action: 'fail', message }]);
    const log = 'reading tree 7\nat line 3';
    assert.deepEqual(failed[0].error, { name: 'InputError', message: 'no such tree', log });
  });

  test('a task that never starts is its own error, with the likely cause', async () => {
    const options = { attemptTimeoutMs: 500, startTimeoutMs: 500 };
    const { failed, counts } = await run('fan', echoes(2), { workers: ['stopped'], options });
    assert.equal(counts.notStarted, 2);
    assert.match(failed[0].error.message, /it never started; likely the function has reserved concurrency 0/);
  });

  test('a deadline ends what would not', async () => {
    const gate = join(folder, 'never');
    const { reason, counts } = await run('fan', [{ action: 'gate', path: gate }, ...echoes(3)], {
      options: { deadlineMs: 1000 },
    });
    assert.deepEqual([reason, counts.done, counts.abandoned], ['deadline', 3, 1]);
    writeFileSync(gate, '');
  });

  test('tasks beyond one execution are divided over several, and come back in their order', async () => {
    const payloads = echoes(95).map((payload) => ({ ...payload, id: `part-${payload.i}` }));
    payloads[40] = { action: 'fail', message: 'InputError: lost', i: 40, id: 'part-40' } as (typeof payloads)[0];
    const from = events.length;
    const { reason, counts, results, failed, operations } = await run('fan', payloads, {
      options: { maxTasksPerExecution: 30, toleratedFailures: 1, maxInFlight: 8 },
    });
    assert.equal(reason, 'allDone');
    assert.deepEqual([counts.tasks, counts.done, counts.failed, counts.attempts], [95, 94, 1, 95]);
    assert.deepEqual(
      results.map((result, i) => (i === 40 ? result : (result as { i: number }).i)),
      Array.from({ length: 95 }, (_, i) => (i === 40 ? null : i)),
    );
    assert.equal(failed[0].taskId, 'task-40');
    // the one that divides: itself, a context, four slices; each slice: itself, a context, a pause; 95 invocations
    assert.ok(operations >= 6 + 4 * 3 + 95 && operations < 6 + 4 * 3 + 95 + 80, `${operations} operations`);
    for (let i = 0; i < 95; i++) assert.equal(timesRan(`part-${i}`), 1);
    const executions = new Set(
      events
        .slice(from)
        .flatMap((event: LambdaEvent) => (event.type === 'executionStarted' ? [event.executionArn] : [])),
    );
    assert.equal(executions.size, 5); // four slices, and the one that divides
  });

  test('answers too large to be remembered with the fan-out are rebuilt from its history', async () => {
    const payloads = [
      ...echoes(300, { text: 'x'.repeat(1000) }),
      { action: 'once', path: join(folder, 'rebuilt'), id: 'rebuilt' },
    ];
    const options = { pollIntervalMs: 1000, maxInFlight: 301 };
    const later = await run<Result & { bytes: number }>('later', payloads, { options });
    assert.deepEqual([later.reason, later.counts.done, later.counts.speculative], ['allDone', 301, 1]);
    assert.ok(later.bytes > 300_000);
    writeFileSync(join(folder, 'rebuilt.open'), '');
  });

  test('sums of fields, in slices or not', async () => {
    for (const maxTasksPerExecution of [4, 100]) {
      const { sums, results } = await run('fan', echoes(10, { text: 'x' }), {
        options: { results: 'sum', maxTasksPerExecution },
      });
      assert.deepEqual([sums, results], [{ i: 45 }, []]);
    }
  });

  test('map gives answers in order, mapReduce joins neighbours, fan-outs nest', async () => {
    assert.deepEqual(
      await run('map', [
        { action: 'echo', a: 1 },
        { action: 'echo', a: 2 },
      ]),
      [
        { action: 'echo', a: 1 },
        { action: 'echo', a: 2 },
      ],
    );
    const texts = ['a', 'b', 'c', 'd', 'e'].map((text) => ({ action: 'echo', text }));
    assert.deepEqual(await run('reduce', texts), { text: '(((a b) (c d)) e)' });
    assert.deepEqual(await run('nested', echoes(3)), [3, 3]);
  });

  test('a stage can begin when a share of the former is done', async () => {
    const gate = join(folder, 'half'); // which the second stage makes, and the first waits for
    const payloads = [...Array.from({ length: 3 }, () => ({ action: 'sleep', ms: 1 })), { action: 'gate', path: gate }];
    const event = { mode: 'chain', payloads, gate };
    const { result } = await invoke(event, { FunctionName: 'fanner', Qualifier: 'live' });
    assert.deepEqual(result, ['slept', 'slept', 'slept', 'passed', 'opened']);
  });

  test('map throws when a task failed, and says which', async () => {
    const event = { mode: 'map', payloads: [{ action: 'fail', message: 'InputError: no such tree' }] };
    const { FunctionError, result } = await invoke(event, { FunctionName: 'fanner', Qualifier: 'live' });
    assert.equal(FunctionError, 'Unhandled');
    assert.match(
      result.errorMessage,
      /fan-out map ended as tooManyFailed: 0 of 1 tasks done, 1 failed; first: task map-0 failed once; last: InputError: no such tree/,
    );
  });

  test('an unknown option is refused', async () => {
    const event = { mode: 'fan', payloads: echoes(1), options: { retries: 3 } };
    const { result } = await invoke(event, { FunctionName: 'fanner', Qualifier: 'live' });
    assert.match(result.errorMessage, /unknown fan-out option "retries"; known are maxInFlight, /);
  });
});
