// What the store bears of S3, on an S3 over HTTP that refuses.

import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, suite, test } from 'node:test';
import { SLOW_DOWN_ATTEMPTS, s3RetryStrategy, slowDownPauseMs } from '../../../lib/aws/s3-retry.ts';
import { s3Store } from '../../../lib/aws/s3-store.ts';
import { isRetryable } from '../../../lib/base/errors.ts';

async function storeOn(answer: RequestListener, signalOf?: () => AbortSignal, retryStrategy?: object) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  after(() => server.close() && server.closeAllConnections());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const config = { endpoint, region: 'us-east-1', credentials, forcePathStyle: true, ...retryStrategy };
  return s3Store('data', config, signalOf);
}

const refusal = (code: string, message: string) => `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;

suite('requests to S3', () => {
  test('the pauses of a request that is slowed down last half a minute at least, and the function at most', () => {
    const inAll = (share: number) => {
      let ms = 0;
      for (let attempt = 1; attempt < SLOW_DOWN_ATTEMPTS; attempt++) ms += slowDownPauseMs(attempt, share);
      return ms;
    };
    assert.ok(inAll(0) >= 30_000, `${inAll(0)} ms`);
    assert.ok(inAll(1) < 120_000, `${inAll(1)} ms`);
    assert.deepEqual([slowDownPauseMs(1, 0), slowDownPauseMs(1, 0.999), slowDownPauseMs(19, 0.5)], [50, 149.9, 5000]);
  });

  test('a storm is waited out by many requests at once, where the quota of the SDK would be used up', async () => {
    const asked = new Map<string, number>();
    const pauseless = { retryStrategy: s3RetryStrategy(() => -0.5) };
    const store = await storeOn(
      ({ url }, response) => {
        const times = (asked.get(url!) ?? 0) + 1;
        asked.set(url!, times);
        if (times < 15) response.writeHead(503).end(refusal('SlowDown', 'Please reduce your request rate.'));
        else response.end('x');
      },
      undefined,
      pauseless,
    );
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const bodies = await Promise.all(keys.map((key) => store.get(key)));
    assert.ok(bodies.every(({ length }) => length === 1));
    assert.ok([...asked.values()].every((times) => times === 15));
  });

  test('whoever stays slowed down is told so, and other faults are given up sooner', async () => {
    for (const [status, code, attempts] of [
      [503, 'SlowDown', SLOW_DOWN_ATTEMPTS],
      [500, 'InternalError', 5],
    ] as const) {
      let times = 0;
      const listener: RequestListener = (_, response) => {
        times++;
        response.writeHead(status).end(refusal(code, 'no'));
      };
      const store = await storeOn(listener, undefined, { retryStrategy: s3RetryStrategy(() => -0.5) });
      await assert.rejects(store.get('a'), { name: code });
      assert.equal(times, attempts);
    }
  });

  test("the caller's time ends a request in the middle of its pauses", async () => {
    const listener: RequestListener = (_, response) =>
      response.writeHead(503).end(refusal('SlowDown', 'Please reduce your request rate.'));
    const signal = AbortSignal.timeout(300);
    const store = await storeOn(listener, () => signal);
    const begunMs = performance.now();
    await assert.rejects(store.create('a', new Uint8Array(1)), {
      name: 'TimeoutError',
      message: 's3:PutObject of a in bucket data was not answered before the deadline',
    });
    assert.ok(performance.now() - begunMs < 15_000);
    const called = await storeOn(listener, () => AbortSignal.abort(new Error('called off')));
    await assert.rejects(called.get('a'), /^Error: called off$/);
  });

  test('what is denied is asked for once, is final, and the message names the permission', async () => {
    let times = 0;
    const store = await storeOn((_, response) => {
      times++;
      response.writeHead(403).end(refusal('AccessDenied', 'User: x is not authorized'));
    });
    const denied = (permission: string, resource: string) => (error: Error) => {
      assert.equal(error.name, 'AccessDeniedError');
      assert.equal(isRetryable(error.name), false);
      assert.ok(error.message.startsWith(`${permission} of `), error.message);
      assert.ok(error.message.includes('(User: x is not authorized)'));
      assert.ok(error.message.includes(`allow whoever runs this ${permission} on ${resource}`), error.message);
      return true;
    };
    await assert.rejects(store.get('runs/r'), denied('s3:GetObject', 'arn:aws:s3:::data/runs/r'));
    await assert.rejects(store.create('a', new Uint8Array(1)), denied('s3:PutObject', 'arn:aws:s3:::data/a'));
    await assert.rejects(store.list('runs/'), denied('s3:ListBucket', 'arn:aws:s3:::data,'));
    await assert.rejects(store.remove('a'), denied('s3:DeleteObject', 'arn:aws:s3:::data/a'));
    const object = { uri: 's3://other/table.csv', size: 9, etag: '"e"' };
    await assert.rejects(store.objects.read(object, 0, 9), denied('s3:GetObject', 'arn:aws:s3:::other/table.csv'));
    assert.equal(times, 5);
  });

  test('the rest of a body that breaks off is asked for, of the same object', async () => {
    const ranges: (string | undefined)[] = [];
    const text = 'a,b\n1,2\n3,4\n';
    const store = await storeOn(({ headers: { range, 'if-match': etag } }, response) => {
      ranges.push(`${range} ${etag}`);
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(range!)!;
      const whole = text.slice(Number(start), Number(end) + 1);
      response.writeHead(206, { 'content-length': whole.length });
      if (ranges.length === 3) response.end(whole);
      else response.write(whole.slice(0, 3), () => setTimeout(() => response.destroy(), 20));
    });
    const bytes = await store.objects.read({ uri: 's3://data/t.csv', size: text.length, etag: '"e"' }, 1, 12);
    assert.equal(new TextDecoder().decode(bytes), text.slice(1));
    assert.deepEqual(ranges, ['bytes=1-11 "e"', 'bytes=4-11 "e"', 'bytes=7-11 "e"']);
    assert.deepEqual([store.usage.reads, store.usage.bytesRead], [3, 11]);
  });

  test('an object that changes in the middle of its body is refused', async () => {
    let times = 0;
    const store = await storeOn((_, response) => {
      if (++times > 1) {
        response.writeHead(412).end(refusal('PreconditionFailed', 'At least one of the preconditions did not hold'));
        return;
      }
      response.writeHead(206, { 'content-length': 9 });
      response.write('abc', () => setTimeout(() => response.destroy(), 20));
    });
    await assert.rejects(store.objects.read({ uri: 's3://data/t.csv', size: 9, etag: '"e"' }, 0, 9), {
      name: 'InputError',
      message: /t\.csv has changed since/,
    });
  });
});
