import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Invoked } from '../../../lib/aws/lambda-invoker.ts';
import {
  asCompleted,
  CancelledError,
  Client,
  DeadlineError,
  InputError,
  TaskFailedError,
  workerFunction,
} from '../../../lib/index.ts';
import { memoryCluster } from './memory-cluster.ts';

const NOW = { backoffMs: 0, maxBackoffMs: 0 };
const failed = (name: string, message = 'no'): Invoked => ({ ok: false, error: { name, message } });

/** A client whose functions are what `answer` does; attempts are counted from 1 for each input. */
function clientOf(
  answer: (input: never, attempt: number, signal: AbortSignal) => Promise<unknown> | unknown,
  workers?: number,
) {
  const attempts = new Map<unknown, number>();
  const called: { name: string; inFlight: number }[] = [];
  let inFlight = 0;
  const cluster = memoryCluster({
    workers,
    async invoke(name, payload, signal) {
      const attempt = (attempts.get(payload) ?? 0) + 1;
      attempts.set(payload, attempt);
      called.push({ name, inFlight: ++inFlight });
      try {
        const answered = await answer(payload as never, attempt, signal);
        return typeof answered === 'object' && answered && 'ok' in answered
          ? (answered as Invoked)
          : { ok: true, result: answered };
      } finally {
        inFlight--;
      }
    },
  });
  return { client: new Client(cluster), called };
}

/** An answer that comes when the signal is aborted. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<Invoked>((resolve) => {
    signal.addEventListener('abort', () => resolve(failed('CancelledError')));
  });

suite('futures', () => {
  test('submit, map and gather return results in the order of the inputs', async () => {
    const { client } = clientOf(async (n: number) => {
      await sleep(10 - n);
      return n * n;
    });
    const square = workerFunction<number, number>('square');
    const future = client.submit(square, 7);
    assert.equal(await future.result(), 49);
    assert.equal(future.status, 'succeeded');
    assert.deepEqual(await client.gather(client.map(square, [1, 2, 3])), [1, 4, 9]);
    assert.deepEqual(await client.gather([]), []);
  });

  test('asCompleted yields futures as they end, including failed and already finished ones', async () => {
    const { client } = clientOf(async (ms: number) => {
      await sleep(ms);
      return ms === 40 ? failed('RangeError') : ms;
    });
    const futures = client.map<number>('wait', [80, 1, 40]);
    await futures[1].result();
    const order: string[] = [];
    for await (const future of asCompleted(futures)) {
      order.push(future.status === 'failed' ? 'failed' : String(await future.result()));
    }
    assert.deepEqual(order, ['1', 'failed', '80']);
  });

  test('retries transient failures by the fan-out policy, and no others', async () => {
    const { client, called } = clientOf((input: string, attempt: number) => {
      if (input === 'busy') return attempt < 3 ? failed('ThrottledError') : 'done';
      return failed(input);
    });
    assert.equal(await client.submit('f', 'busy', NOW).result(), 'done');
    const crash = client.submit('f', 'CrashError', { ...NOW, maxAttempts: 2 });
    await assert.rejects(crash.result(), (error: Error) => error instanceof TaskFailedError && error.attempts === 2);
    assert.equal(crash.status, 'failed');
    const before = called.length;
    await assert.rejects(client.submit('f', 'InputError', NOW).result(), /^TaskFailedError: task f-2 failed once/);
    assert.equal(called.length, before + 1);
    assert.throws(() => client.submit('f', 1, { maxAttempts: 0 }), InputError);
    assert.throws(() => client.submit('f', 1, { retries: 2 } as object), InputError);
  });

  test('a call that runs out of memory is retried in the next memory size', async () => {
    const { client, called } = clientOf((_: unknown, attempt: number) =>
      attempt === 1 ? failed('OutOfMemoryError') : 1,
    );
    await client.submit(workerFunction('small', 'large'), 'x').result();
    assert.deepEqual(
      called.map(({ name }) => name),
      ['small', 'large'],
    );
  });

  test('no more calls run than the cluster has workers, and a call cancelled in the queue never starts', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { client, called } = clientOf(() => gate, 2);
    const futures = client.map('f', [1, 2, 3, 4, 5]);
    await sleep(1);
    assert.deepEqual([futures[0].status, futures[4].status], ['running', 'queued']);
    futures[3].cancel();
    await assert.rejects(futures[3].result(), CancelledError);
    open();
    await Promise.allSettled(futures.map((future) => future.result()));
    assert.equal(called.length, 4);
    assert.equal(Math.max(...called.map(({ inFlight }) => inFlight)), 2);
    assert.deepEqual(
      futures.map(({ status }) => status),
      ['succeeded', 'succeeded', 'succeeded', 'cancelled', 'succeeded'],
    );
  });

  test('a cancelled invocation keeps its slot until it ends', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const { client, called } = clientOf((input: number) => (input === 1 ? gate : input), 1);
    const [first, second] = client.map('f', [1, 2]);
    await sleep(1);
    first.cancel();
    await assert.rejects(first.result(), CancelledError);
    await sleep(5);
    assert.deepEqual([called.length, second.status], [1, 'queued'], 'the place is taken still');
    open();
    assert.equal(await second.result(), 2);
  });

  test('rejects arguments that are not a function, a list or a future', async () => {
    const { client, called } = clientOf((n: number) => n);
    const { gather, map, submit, close } = client as unknown as Record<string, (...args: unknown[]) => unknown>;
    const refused = (work: () => unknown, message: RegExp) =>
      assert.rejects(
        async () => work(),
        (error: Error) => {
          assert.ok(error instanceof InputError, `${error.stack}`);
          assert.match(error.message, message);
          return true;
        },
      );
    const square = (n: number) => n * n;
    await refused(
      () => submit.call(client, square, 3),
      /take the name of a function or a workerFunction, got function square; .*file/,
    );
    await refused(() => submit.call(client), /got undefined/);
    await refused(() => submit.call(client, 'f', 3, { speculate: true }), /unknown option of submit speculate; known/);
    await refused(() => submit.call(client, 'f', 3, { signal: 5 }), /signal of submit must be an AbortSignal, got 5/);
    await refused(() => map.call(client, 'f', 5), /map takes a list of inputs, got 5/);
    await refused(() => gather.call(client, client.submit('f', 3)), /gather takes a list of futures, got Future/);
    await refused(
      () => gather.call(client, [client.submit('f', 3), 4]),
      /gather takes a list of futures, got a list with 4/,
    );
    await refused(() => asCompleted([5] as never).next(), /asCompleted takes a list of futures, got a list with 5/);
    assert.equal(called.length, 2, 'nothing else was called');
    await close.call(client);
  });

  test('a future shows its status', async () => {
    const { client } = clientOf((n: number) => n);
    const future = client.submit('f', 1);
    assert.match(inspect(future), /^Future \{ (queued|running) \}$/);
    await future.result();
    assert.equal(inspect(future), 'Future { succeeded }');
  });

  test('cancel, an aborted signal and a closed client cancel unfinished calls', async () => {
    const { client } = clientOf((_: unknown, __: number, signal: AbortSignal) => untilAborted(signal));
    const stop = new AbortController();
    const futures = [client.submit('f', 1), client.submit('f', 2, { signal: stop.signal }), client.submit('f', 3)];
    await sleep(1);
    futures[0].cancel();
    stop.abort();
    await client.close();
    for (const future of futures) {
      await assert.rejects(future.result(), CancelledError);
      assert.equal(future.status, 'cancelled');
    }
    assert.throws(() => client.submit('f', 4), /the client is closed/);
  });

  test('a pause between two attempts ends with the future', async () => {
    const { client } = clientOf(() => failed('ThrottledError'));
    const future = client.submit('f', 1, { backoffMs: 600_000, maxBackoffMs: 600_000 });
    await sleep(5);
    future.cancel();
    await assert.rejects(future.result(), CancelledError);
  });

  test('a call that misses its deadline has failed', async () => {
    const { client } = clientOf((_: unknown, __: number, signal: AbortSignal) => untilAborted(signal));
    const future = client.submit('f', 1, { deadlineMs: 1 });
    await assert.rejects(future.result(), DeadlineError);
    assert.equal(future.status, 'failed');
    await client.close();
  });
});
