import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { ChecksumAlgorithm, PutObjectCommand } from '@aws-sdk/client-s3';
import { BUCKET, errorName, type Harness, plain, startHarness } from './harness.ts';

let s3: Harness;
before(async () => {
  s3 = await startHarness();
});
after(() => s3.stop());

for (const algorithm of Object.values(ChecksumAlgorithm).filter((name) => /^(CRC|SHA1|SHA256)/.test(name))) {
  const field = `Checksum${algorithm}` as 'ChecksumCRC32';

  test(`a ${algorithm} is checked, kept and returned; a wrong one stores nothing`, async () => {
    const key = `checksum/${algorithm}`;
    const sent = await s3.put(key, 'hello', { ChecksumAlgorithm: algorithm });
    const reply = await s3.get(key, { ChecksumMode: 'ENABLED' });
    assert.equal(await reply.Body!.transformToString(), 'hello');
    assert.ok(sent[field]);
    assert.equal(reply[field], sent[field]);
    const wrong = Buffer.from(sent[field], 'base64').fill(0).toString('base64');
    assert.equal(await errorName(s3.put(`${key}/wrong`, 'hello', { [field]: wrong })), 'BadDigest');
    assert.equal(await errorName(s3.head(`${key}/wrong`)), 'NotFound');
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
    const reply = await s3.get('stream', { ChecksumMode: 'ENABLED' });
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
    (await plain(s3.server.url, 'PUT', `/${BUCKET}/framed`, { headers: { ...headers, ...extra }, body })).code;
  assert.equal(await send({}), 'BadDigest');
  assert.equal(await send({ 'x-amz-decoded-content-length': '6' }), 'IncompleteBody');
  assert.equal(await send({}, '5\r\nhello\r\n0\r\n\r\n'), 'MalformedTrailerError');
  assert.equal(await send({ 'x-amz-checksum-sha1': 'x' }), 'InvalidRequest');
  assert.equal(await send({ 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }), 'BadDigest');
  assert.equal(await send({ 'content-md5': 'AAAA' }), 'InvalidDigest');
  assert.equal(await errorName(s3.head('framed')), 'NotFound');
  assert.equal(await send({}, framed.replace('AAAAAA==', 'NhCmhg==')), undefined);
  assert.equal(await s3.text('framed'), 'hello');
});

test('a signed framed body is stored without its signatures', async () => {
  const body = '5;chunk-signature=ab\r\nhello\r\n0;chunk-signature=cd\r\n\r\n';
  const headers = {
    'content-encoding': 'aws-chunked,gzip',
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'x-amz-decoded-content-length': '5',
  };
  await plain(s3.server.url, 'PUT', `/${BUCKET}/signed`, { headers, body });
  const reply = await plain(s3.server.url, 'GET', `/${BUCKET}/signed`);
  assert.deepEqual([reply.body, reply.headers['content-encoding']], ['hello', 'gzip']);
});
