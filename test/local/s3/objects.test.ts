import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { CopyObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { BUCKET, errorName, type Harness, plain, startHarness } from './harness.ts';

let s3: Harness;
before(async () => {
  s3 = await startHarness();
});
after(() => s3.stop());

test('an object comes back with its bytes, its headers and its MD5 as ETag', async () => {
  const kept = {
    ContentType: 'text/plain',
    CacheControl: 'no-cache',
    ContentDisposition: 'attachment',
    ContentEncoding: 'identity',
    Metadata: { rows: '7' },
  };
  await s3.put('headers', 'hello', kept);
  const reply = await s3.get('headers');
  assert.equal(await reply.Body!.transformToString(), 'hello');
  for (const [name, value] of Object.entries(kept)) assert.deepEqual(reply[name as keyof typeof reply], value);
  assert.equal(reply.ETag, `"${createHash('md5').update('hello').digest('hex')}"`);
  const { ContentLength, Metadata } = await s3.head('headers');
  assert.deepEqual({ ContentLength, Metadata }, { ContentLength: 5, Metadata: { rows: '7' } });
  assert.equal((await s3.get('headers', { ResponseContentType: 'x/y' })).ContentType, 'x/y');
});

test('an empty object is an object', async () => {
  await s3.put('empty', '');
  assert.equal(await s3.text('empty'), '');
  assert.equal(await errorName(s3.get('empty', { Range: 'bytes=0-' })), 'InvalidRange');
});

test('a range gives its bytes, 206 and where they lie', async () => {
  await s3.put('range', '0123456789');
  for (const [range, text] of [
    ['2-4', '234'],
    ['7-', '789'],
    ['-2', '89'],
    ['8-99', '89'],
  ]) {
    const reply = await s3.get('range', { Range: `bytes=${range}` });
    assert.equal(reply.$metadata.httpStatusCode, 206);
    assert.equal(await reply.Body!.transformToString(), text);
    assert.equal(
      reply.ContentRange,
      `bytes ${'0123456789'.indexOf(text)}-${'0123456789'.indexOf(text) + text.length - 1}/10`,
    );
  }
  assert.equal(await errorName(s3.get('range', { Range: 'bytes=10-' })), 'InvalidRange');
});

test('a get is conditional on the ETag and on the time', async () => {
  const { ETag } = await s3.put('conditional', 'x');
  const { LastModified } = await s3.head('conditional');
  assert.equal(await s3.text('conditional', { IfMatch: ETag, IfModifiedSince: new Date(0) }), 'x');
  const { status, body, headers } = await plain(s3.server.url, 'GET', `/${BUCKET}/conditional`, {
    headers: {
      'if-none-match': ETag!,
    },
  });
  assert.deepEqual([status, body, headers.etag], [304, '', ETag]);
  assert.equal(
    (
      await plain(s3.server.url, 'GET', `/${BUCKET}/conditional`, {
        headers: { 'if-modified-since': LastModified!.toUTCString() },
      })
    ).status,
    304,
  );
  assert.equal(await errorName(s3.get('conditional', { IfMatch: '"other"' })), 'PreconditionFailed');
  assert.equal(await errorName(s3.get('conditional', { IfUnmodifiedSince: new Date(0) })), 'PreconditionFailed');
});

test('of 50 writers that each create a key, one wins and 49 are told that it is taken', async () => {
  for (const key of ['race/1', 'race/2', 'race/3']) {
    const writers = Array.from({ length: 50 }, (_, i) => errorName(s3.put(key, `writer ${i}`, { IfNoneMatch: '*' })));
    const outcomes = await Promise.all(writers);
    assert.equal(outcomes.filter((name) => name === 'PreconditionFailed').length, 49);
    assert.equal(await s3.text(key), `writer ${outcomes.indexOf('none')}`);
  }
});

test('of 20 writers that replace the same version, one wins', async () => {
  const { ETag } = await s3.put('replace', 'first');
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, i) => errorName(s3.put('replace', `${i}`, { IfMatch: ETag }))),
  );
  assert.equal(outcomes.filter((name) => name === 'none').length, 1);
  assert.equal(await errorName(s3.put('nothing', 'x', { IfMatch: ETag })), 'NoSuchKey');
  assert.equal(await errorName(s3.put('replace', 'x', { IfNoneMatch: ETag })), 'NotImplemented');
});

test('a delete is conditional, and one of nothing succeeds', async () => {
  await s3.put('delete', 'x');
  const remove = (options = {}) =>
    s3.client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'delete', ...options }));
  assert.equal(await errorName(remove({ IfMatch: '"other"' })), 'PreconditionFailed');
  await remove();
  await remove();
  assert.equal(await errorName(s3.head('delete')), 'NotFound');
  assert.equal(await errorName(s3.get('delete')), 'NoSuchKey');
});

test('a copy keeps or replaces metadata, and is conditional on both ends', async () => {
  const { ETag } = await s3.put('from', 'x', { Metadata: { a: '1' }, ChecksumAlgorithm: 'SHA256' });
  const copy = (key: string, options = {}) =>
    s3.client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: key, CopySource: `${BUCKET}/from`, ...options }));
  assert.equal((await copy('to', { IfNoneMatch: '*' })).CopyObjectResult!.ETag, ETag);
  const { Metadata, ChecksumSHA256 } = await s3.head('to', { ChecksumMode: 'ENABLED' });
  assert.deepEqual(
    [Metadata, ChecksumSHA256],
    [{ a: '1' }, (await s3.head('from', { ChecksumMode: 'ENABLED' })).ChecksumSHA256],
  );
  assert.equal(await errorName(copy('to', { IfNoneMatch: '*' })), 'PreconditionFailed');
  assert.equal(await errorName(copy('to', { CopySourceIfNoneMatch: ETag })), 'PreconditionFailed');
  await copy('to', { MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
  assert.deepEqual((await s3.head('to')).Metadata, { b: '2' });
  assert.equal(await errorName(copy('from')), 'InvalidRequest');
  assert.equal(await errorName(copy('to', { CopySource: `${BUCKET}/nothing` })), 'NoSuchKey');
});

test('a get that began before an overwrite gives the old object whole', async () => {
  await s3.put('overwritten', 'a'.repeat(8 << 20));
  const reply = await s3.get('overwritten');
  await s3.put('overwritten', 'b'.repeat(8 << 20));
  assert.equal(await reply.Body!.transformToString(), 'a'.repeat(8 << 20));
  assert.equal((await s3.text('overwritten'))[0], 'b');
});

test('a presigned PUT and GET work, and not after their time', async () => {
  const query = (secondsAgo: number) => {
    const date = new Date(Date.now() - secondsAgo * 1000).toISOString().replace(/[-:]|\.\d+/g, '');
    return `?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=${date}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0&x-amz-meta-a=b&x-amz-checksum-crc32=AAAAAA%3D%3D`;
  };
  const path = `/${BUCKET}/presigned`;
  assert.equal((await plain(s3.server.url, 'PUT', path + query(100), { body: 'late' })).status, 403);
  assert.equal((await plain(s3.server.url, 'PUT', path + query(0), { body: 'in time' })).status, 200);
  const reply = await plain(s3.server.url, 'GET', path + query(0));
  assert.deepEqual([reply.body, reply.headers['x-amz-meta-a']], ['in time', 'b']);
  assert.equal((await plain(s3.server.url, 'GET', path + query(100))).code, 'AccessDenied');
});
