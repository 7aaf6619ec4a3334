import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { BUCKET, errorName, type Harness, plain, startHarness } from './harness.ts';

let s3: Harness;
before(async () => {
  s3 = await startHarness();
});
after(() => s3.stop());

const get = (key: string, options = {}) =>
  s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key, ...options }));
const head = (key: string, options = {}) =>
  s3.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: key, ...options }));
const put = (key: string, body: string, options = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body, ...options }));
const textOf = async (key: string, options = {}) => (await get(key, options)).Body!.transformToString();

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

test('an object comes back with its bytes, its headers and its MD5 as ETag', async () => {
  const kept = {
    ContentType: 'text/plain',
    CacheControl: 'no-cache',
    ContentDisposition: 'attachment',
    ContentEncoding: 'identity',
    Metadata: { rows: '7' },
  };
  await put('headers', 'hello', kept);
  const reply = await get('headers');
  assert.equal(await reply.Body!.transformToString(), 'hello');
  for (const [name, value] of Object.entries(kept)) assert.deepEqual(reply[name as keyof typeof reply], value);
  assert.equal(reply.ETag, `"${createHash('md5').update('hello').digest('hex')}"`);
  const { ContentLength, Metadata } = await head('headers');
  assert.deepEqual({ ContentLength, Metadata }, { ContentLength: 5, Metadata: { rows: '7' } });
  assert.equal((await get('headers', { ResponseContentType: 'x/y' })).ContentType, 'x/y');
});

test('an empty object is an object', async () => {
  await put('empty', '');
  assert.equal(await textOf('empty'), '');
  assert.equal(await errorName(get('empty', { Range: 'bytes=0-' })), 'InvalidRange');
});

test('a range gives its bytes, 206 and where they lie', async () => {
  await put('range', '0123456789');
  for (const [range, text] of [
    ['2-4', '234'],
    ['7-', '789'],
    ['-2', '89'],
    ['8-99', '89'],
  ]) {
    const reply = await get('range', { Range: `bytes=${range}` });
    assert.equal(reply.$metadata.httpStatusCode, 206);
    assert.equal(await reply.Body!.transformToString(), text);
    assert.equal(
      reply.ContentRange,
      `bytes ${'0123456789'.indexOf(text)}-${'0123456789'.indexOf(text) + text.length - 1}/10`,
    );
  }
  assert.equal(await errorName(get('range', { Range: 'bytes=10-' })), 'InvalidRange');
});

test('a get is conditional on the ETag and on the time', async () => {
  const { ETag } = await put('conditional', 'x');
  const { LastModified } = await head('conditional');
  assert.equal(await textOf('conditional', { IfMatch: ETag, IfModifiedSince: new Date(0) }), 'x');
  const { status, body, headers } = await plain(s3.server.url, 'GET', `/${BUCKET}/conditional`, {
    'if-none-match': ETag!,
  });
  assert.deepEqual([status, body, headers.etag], [304, '', ETag]);
  assert.equal(
    (await plain(s3.server.url, 'GET', `/${BUCKET}/conditional`, { 'if-modified-since': LastModified!.toUTCString() }))
      .status,
    304,
  );
  assert.equal(await errorName(get('conditional', { IfMatch: '"other"' })), 'PreconditionFailed');
  assert.equal(await errorName(get('conditional', { IfUnmodifiedSince: new Date(0) })), 'PreconditionFailed');
});

test('of 50 writers that each create a key, one wins and 49 are told that it is taken', async () => {
  for (const key of ['race/1', 'race/2', 'race/3']) {
    const writers = Array.from({ length: 50 }, (_, i) => errorName(put(key, `writer ${i}`, { IfNoneMatch: '*' })));
    const outcomes = await Promise.all(writers);
    assert.equal(outcomes.filter((name) => name === 'PreconditionFailed').length, 49);
    assert.equal(await textOf(key), `writer ${outcomes.indexOf('none')}`);
  }
});

test('of 20 writers that replace the same version, one wins', async () => {
  const { ETag } = await put('replace', 'first');
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, i) => errorName(put('replace', `${i}`, { IfMatch: ETag }))),
  );
  assert.equal(outcomes.filter((name) => name === 'none').length, 1);
  assert.equal(await errorName(put('nothing', 'x', { IfMatch: ETag })), 'NoSuchKey');
  assert.equal(await errorName(put('replace', 'x', { IfNoneMatch: ETag })), 'NotImplemented');
});

test('a delete is conditional, and one of nothing succeeds', async () => {
  await put('delete', 'x');
  const remove = (options = {}) =>
    s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'delete', ...options }));
  assert.equal(await errorName(remove({ IfMatch: '"other"' })), 'PreconditionFailed');
  await remove();
  await remove();
  assert.equal(await errorName(head('delete')), 'NotFound');
  assert.equal(await errorName(get('delete')), 'NoSuchKey');
});

for (const algorithm of Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA1|SHA256)/.test(name))) {
  const field = `Checksum${algorithm}` as 'ChecksumCRC32';

  test(`a ${algorithm} is checked, kept and returned; a wrong one stores nothing`, async () => {
    const key = `checksum/${algorithm}`;
    const sent = await put(key, 'hello', { ChecksumAlgorithm: algorithm });
    const reply = await get(key, { ChecksumMode: 'ENABLED' });
    assert.equal(await reply.Body!.transformToString(), 'hello');
    assert.ok(sent[field]);
    assert.equal(reply[field], sent[field]);
    const wrong = Buffer.from(sent[field], 'base64').fill(0).toString('base64');
    assert.equal(await errorName(put(`${key}/wrong`, 'hello', { [field]: wrong })), 'BadDigest');
    assert.equal(await errorName(head(`${key}/wrong`)), 'NotFound');
  });

  test(`a stream of 20 MB with a ${algorithm} trailer is stored without its framing`, async () => {
    const piece = Buffer.alloc(100_003, algorithm);
    const total = 20 << 20;
    function* pieces() {
      for (let left = total; left > 0; left -= piece.length) yield piece.subarray(0, Math.min(left, piece.length));
    }
    const expected = createHash('sha256');
    for (const bytes of pieces()) expected.update(bytes);
    await s3.client.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: 'stream',
        Body: Readable.from(pieces()),
        ContentLength: total,
        ChecksumAlgorithm: algorithm,
      }),
    );
    const reply = await get('stream', { ChecksumMode: 'ENABLED' });
    assert.ok(reply[field]);
    assert.equal(reply.ContentEncoding, undefined);
    const actual = createHash('sha256');
    for await (const bytes of reply.Body as Readable) actual.update(bytes);
    assert.equal(actual.digest('hex'), expected.digest('hex'));
  });
}

test('a framed body with a wrong trailer, length or MD5 stores nothing', async () => {
  const framed = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
  const headers = {
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': '5',
    'x-amz-trailer': 'x-amz-checksum-crc32',
  };
  const send = async (extra: Record<string, string>, body = framed) =>
    (await plain(s3.server.url, 'PUT', `/${BUCKET}/framed`, { ...headers, ...extra }, body)).code;
  assert.equal(await send({}), 'BadDigest');
  assert.equal(await send({ 'x-amz-decoded-content-length': '6' }), 'IncompleteBody');
  assert.equal(await send({}, '5\r\nhello\r\n0\r\n\r\n'), 'MalformedTrailerError');
  assert.equal(await send({ 'x-amz-checksum-sha1': 'x' }), 'InvalidRequest');
  assert.equal(await send({ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }), 'BadDigest');
  assert.equal(await send({ 'content-md5': 'AAAA' }), 'InvalidDigest');
  assert.equal(await errorName(head('framed')), 'NotFound');
  assert.equal(await send({}, framed.replace('AAAAAA==', 'NhCmhg==')), undefined);
  assert.equal(await textOf('framed'), 'hello');
});

test('a signed framed body is stored without its signatures', async () => {
  const body = '5;chunk-signature=ab\r\nhello\r\n0;chunk-signature=cd\r\n\r\n';
  const headers = {
    'content-encoding': 'aws-chunked,gzip',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': '5',
  };
  await plain(s3.server.url, 'PUT', `/${BUCKET}/signed`, headers, body);
  const reply = await plain(s3.server.url, 'GET', `/${BUCKET}/signed`);
  assert.deepEqual([reply.body, reply.headers['content-encoding']], ['hello', 'gzip']);
});

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
  await Promise.all(keys.map((key) => put(key, key)));
  for (const key of keys) assert.equal(await textOf(key), key);
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
  await put('é'.repeat(512), 'long');
  assert.equal(await textOf('é'.repeat(512)), 'long');
  assert.equal(await errorName(put(`${'é'.repeat(512)}x`, '')), 'KeyTooLongError');
});

test('1,012 keys are listed in pages and by folder, and deleted 1,000 at a time, quietly', async () => {
  const keys = Array.from({ length: 1012 }, (_, i) => `many/${i % 11}/${String(i).padStart(4, '0')}`);
  for (let i = 0; i < keys.length; i += 50) await Promise.all(keys.slice(i, i + 50).map((key) => put(key, '')));
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
  for (const key of ['one/a', 'one/b/1', 'one/b/2', 'one/c']) await put(key, '');
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

test('a copy keeps or replaces metadata, and is conditional on both ends', async () => {
  const { ETag } = await put('from', 'x', { Metadata: { a: '1' }, ChecksumAlgorithm: 'SHA256' });
  const copy = (key: string, options = {}) =>
    s3.client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: key, CopySource: `${BUCKET}/from`, ...options }));
  assert.equal((await copy('to', { IfNoneMatch: '*' })).CopyObjectResult!.ETag, ETag);
  const { Metadata, ChecksumSHA256 } = await head('to', { ChecksumMode: 'ENABLED' });
  assert.deepEqual(
    [Metadata, ChecksumSHA256],
    [{ a: '1' }, (await head('from', { ChecksumMode: 'ENABLED' })).ChecksumSHA256],
  );
  assert.equal(await errorName(copy('to', { IfNoneMatch: '*' })), 'PreconditionFailed');
  assert.equal(await errorName(copy('to', { CopySourceIfNoneMatch: ETag })), 'PreconditionFailed');
  await copy('to', { MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
  assert.deepEqual((await head('to')).Metadata, { b: '2' });
  assert.equal(await errorName(copy('from')), 'InvalidRequest');
  assert.equal(await errorName(copy('to', { CopySource: `${BUCKET}/nothing` })), 'NoSuchKey');
});

test('a get that began before an overwrite gives the old object whole', async () => {
  await put('overwritten', 'a'.repeat(8 << 20));
  const reply = await get('overwritten');
  await put('overwritten', 'b'.repeat(8 << 20));
  assert.equal(await reply.Body!.transformToString(), 'a'.repeat(8 << 20));
  assert.equal((await textOf('overwritten'))[0], 'b');
});

test('a presigned PUT and GET work, and not after their time', async () => {
  const query = (secondsAgo: number) => {
    const date = new Date(Date.now() - secondsAgo * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
    return `?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=${date}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0&x-amz-meta-a=b&x-amz-checksum-crc32=AAAAAA%3D%3D`;
  };
  const path = `/${BUCKET}/presigned`;
  assert.equal((await plain(s3.server.url, 'PUT', path + query(100), {}, 'late')).status, 403);
  assert.equal((await plain(s3.server.url, 'PUT', path + query(0), {}, 'in time')).status, 200);
  const reply = await plain(s3.server.url, 'GET', path + query(0));
  assert.deepEqual([reply.body, reply.headers['x-amz-meta-a']], ['in time', 'b']);
  assert.equal((await plain(s3.server.url, 'GET', path + query(100))).code, 'AccessDenied');
});
