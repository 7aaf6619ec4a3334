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

