import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { s3Store } from '../../../lib/aws/s3-store.ts';
import { NotFoundError } from '../../../lib/base/errors.ts';
import type { S3Fault } from '../../../local/s3/faults.ts';
import type { S3RequestInfo } from '../../../local/s3/server.ts';
import { BUCKET, errorName, startHarness } from './harness.ts';

const BYTES = new Uint8Array(300_000).map((_, i) => i * 7);

/** A server that lets the next requests with `queue`d faults meet them, a client that never tries again, and a store. */
async function faulty(t: { after(stop: () => Promise<void>): void }) {
  const queue: { operation: string; kind: S3Fault['kind']; fraction?: number }[] = [];
  const struck: string[] = [];
  const infos: S3RequestInfo[] = [];
  const s3 = await startHarness({
    onRequest: (info) => infos.push(info),
    faultOf({ operation, key }) {
      const at = queue.findIndex((fault) => fault.operation === operation);
      if (at === -1) return undefined;
      const [{ kind, fraction = 0.5 }] = queue.splice(at, 1) as [(typeof queue)[0]];
      return { kind, fraction, strike: () => struck.push(`${kind} ${operation} ${key}`) };
    },
  });
  t.after(() => s3.stop());
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const store = s3Store(BUCKET, { endpoint: s3.server.url, region: 'us-east-1', credentials });
  return { s3, store, queue, struck, infos };
}

test('SlowDown is S3 answering 503, and nothing is done', async (t) => {
  const { s3, queue, struck } = await faulty(t);
  queue.push({ operation: 'PutObject', kind: 'slowDown' });
  const error = await s3.put('a', BYTES).catch((cause) => cause);
  assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['SlowDown', 503]);
  assert.equal(await errorName(s3.head('a')), 'NotFound');
  assert.deepEqual(struck, ['slowDown PutObject a']);
});

for (const [kind, isStored] of [
  ['droppedConnection', false],
  ['tornUpload', false],
  ['lostWrite', true],
] as const) {
  test(`${kind}: the connection breaks, and the object is ${isStored ? 'complete' : 'not stored at all'}`, async (t) => {
    const { s3, queue, struck, infos } = await faulty(t);
    queue.push({ operation: 'PutObject', kind, fraction: 0.4 });
    const error = await s3.put('a', BYTES).catch((cause) => cause);
    assert.equal(error.code, 'ECONNRESET');
    assert.deepEqual(struck, [`${kind} PutObject a`]);
    if (isStored) assert.deepEqual(await (await s3.get('a')).Body!.transformToByteArray(), BYTES);
    else assert.equal(await errorName(s3.get('a')), 'NoSuchKey');
    assert.deepEqual(readdirSync(join(s3.dataDir, 'tmp')), []);
    assert.equal(infos.find(({ operation }) => operation === 'PutObject')!.status, 0);
  });
}

for (const fraction of [0, 0.5, 0.999]) {
  test(`tornDownload at ${fraction}: the client sees a broken connection, and the next answer is whole`, async (t) => {
    const { s3, queue, struck } = await faulty(t);
    await s3.put('a', BYTES);
    queue.push({ operation: 'GetObject', kind: 'tornDownload', fraction });
    await assert.rejects(async () => (await s3.get('a')).Body!.transformToByteArray());
    assert.deepEqual(struck, ['tornDownload GetObject a']);
    assert.deepEqual(await (await s3.get('a')).Body!.transformToByteArray(), BYTES);
  });
}

test('a fault that comes too late for its request does not strike', async (t) => {
  const { s3, queue, struck } = await faulty(t);
  await s3.put('a', 'x');
  for (const kind of ['tornUpload', 'lostWrite'] as const) {
    queue.push({ operation: 'PutObject', kind });
    assert.equal(await errorName(s3.put('a', 'y', { IfNoneMatch: '*' })), 'PreconditionFailed');
  }
  await s3.put('empty', '');
  queue.push({ operation: 'GetObject', kind: 'tornDownload' });
  assert.equal(await s3.text('empty'), '');
  assert.deepEqual(struck, []);
});

test('the store survives any two faults in a row, and what it has created stays as it was', async (t) => {
  const { store, queue, struck, infos } = await faulty(t);
  const kinds = ['slowDown', 'droppedConnection', 'tornUpload', 'lostWrite'] as const;
  let numTorn = 0;
  for (const first of kinds) {
    for (const second of kinds) {
      const key = `${first}-${second}`;
      queue.push({ operation: 'PutObject', kind: first }, { operation: 'PutObject', kind: second });
      const isLost = first === 'lostWrite' || second === 'lostWrite';
      // it cannot know that the object is its own
      assert.equal(await store.create(key, BYTES), !isLost);
      queue.length = 0; // what came after a lost write met a taken key
      for (const kind of ['slowDown', 'droppedConnection', 'tornDownload', 'tornDownload'] as const)
        if (numTorn++ % 2 === 0) queue.push({ operation: 'GetObject', kind });
      assert.deepEqual(await store.get(key), BYTES);
      const creations = infos.filter((info) => info.key === key && info.creation).map(({ creation }) => creation);
      assert.deepEqual(creations, isLost ? ['created', 'refused'] : ['created']);
    }
  }
  assert.ok(struck.length > 40, `${struck.length} faults`);
  await assert.rejects(store.get('none'), NotFoundError);
});

test('a body that breaks off every time is an error that names the object', async (t) => {
  const { store, queue } = await faulty(t);
  await store.create('a', BYTES);
  for (let i = 0; i < 5; i++) queue.push({ operation: 'GetObject', kind: 'tornDownload' });
  await assert.rejects(store.get('a'), /^Error: reading a: /);
  assert.deepEqual(queue, []);
  assert.deepEqual(await store.get('a'), BYTES);
});
