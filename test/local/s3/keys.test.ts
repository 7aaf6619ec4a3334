import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CopyObjectCommand, DeleteObjectsCommand, ListObjectsCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { BUCKET, errorName, type Harness, startHarness } from './harness.ts';

let s3: Harness;
before(async () => {
  s3 = await startHarness();
});
after(() => s3.stop());

async function listed(prefix: string, pageSize: number, options = {}): Promise<string[]> {
  const items: string[] = [];
  const input = { Bucket: BUCKET, Prefix: prefix, ...options };
  for await (const page of paginateListObjectsV2({ client: s3.client, pageSize }, input)) {
    items.push(...(page.Contents ?? []).map(({ Key }) => Key!));
    items.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!));
    assert.ok(page.KeyCount! <= pageSize);
  }
  return items;
}

// what file systems, URLs and XML each trip over; in no order
const ODD_KEYS = [
  'key',
  'key/child',
  'key/',
  'Key',
  'a//b',
  '//',
  '/',
  'a b',
  'a+b',
  'a%20b',
  '%',
  '?',
  '#',
  '..',
  '../../up',
  '.',
  'CON',
  'é',
  'e\u0301',
  '\u{1f600}',
  '\ue000',
  '\uffee',
  'a\tb',
  'a\nb',
  'a\rb',
  ' lead',
  'trail ',
  `a&b<c>"d'e`,
  '&amp;#13;',
  '*',
  ':',
  '\\',
]; // prettier-ignore

test('odd keys hold their own bytes, list in UTF-8 order, copy and delete', async () => {
  const keys = [...ODD_KEYS.map((key) => `odd/${key}`), `odd/${'x'.repeat(300)}/${'y'.repeat(300)}`];
  await Promise.all(keys.map((key) => s3.put(key, key)));
  for (const key of keys) assert.equal(await s3.text(key), key);
  const ordered = keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(await listed('odd/', 3), ordered);
  const encoded = await listed('odd/', 7, { EncodingType: 'url' });
  assert.deepEqual(encoded.map(decodeURIComponent), ordered);
  for (const key of keys) {
    const copy = { Bucket: BUCKET, Key: `copy/${key}`, CopySource: `${BUCKET}/${encodeURIComponent(key)}` };
    await s3.client.send(new CopyObjectCommand(copy));
  }
  const Objects = keys.map((Key) => ({ Key }));
  const { Deleted } = await s3.client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }));
  assert.deepEqual(
    Deleted!.map(({ Key }) => Key),
    keys,
  );
  assert.deepEqual(await listed('odd/', 1000), []);
  assert.deepEqual(
    await listed('copy/', 1000),
    ordered.map((key) => `copy/${key}`),
  );
});

test('a key may have 1,024 bytes and no more', async () => {
  await s3.put('é'.repeat(512), 'long');
  assert.equal(await s3.text('é'.repeat(512)), 'long');
  assert.equal(await errorName(s3.put(`${'é'.repeat(512)}x`, '')), 'KeyTooLongError');
});

test('1,012 keys are listed in pages and by folder, and deleted 1,000 at a time, quietly', async () => {
  const keys = Array.from({ length: 1012 }, (_, i) => `many/${i % 11}/${String(i).padStart(4, '0')}`);
  for (let i = 0; i < keys.length; i += 50) await Promise.all(keys.slice(i, i + 50).map((key) => s3.put(key, '')));
  assert.deepEqual(await listed('many/', 1000), [...keys].sort());
  assert.deepEqual(
    await listed('many/', 2, { Delimiter: '/' }),
    [...new Set(keys.map((key) => key.slice(0, -4)))].sort(),
  );
  const rest = keys.filter((key) => key > 'many/9/0500').sort();
  assert.deepEqual(await listed('many/', 1000, { StartAfter: 'many/9/0500' }), rest);
  const remove = (some: string[]) =>
    s3.client.send(
      new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects: some.map((Key) => ({ Key })), Quiet: true } }),
    );
  assert.equal(await errorName(remove(keys.slice(0, 1001))), 'MalformedXML');
  assert.equal((await remove(keys.slice(0, 1000))).Deleted, undefined);
  assert.equal((await listed('many/', 1000)).length, 12);
});

test('version 1 of the listing goes on from its marker', async () => {
  for (const key of ['one/a', 'one/b/1', 'one/b/2', 'one/c']) await s3.put(key, '');
  const list = (options = {}) =>
    s3.client.send(new ListObjectsCommand({ Bucket: BUCKET, Prefix: 'one/', Delimiter: '/', MaxKeys: 2, ...options }));
  const first = await list();
  assert.deepEqual([first.Contents!.map(({ Key }) => Key), first.CommonPrefixes], [['one/a'], [{ Prefix: 'one/b/' }]]);
  const second = await list({ Marker: first.NextMarker });
  assert.deepEqual(
    [second.Contents!.map(({ Key }) => Key), second.CommonPrefixes, second.IsTruncated],
    [['one/c'], undefined, false],
  );
});
