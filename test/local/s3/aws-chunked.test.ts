import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeAwsChunked } from '../../../local/s3/aws-chunked.ts';

async function decode(...pieces: string[]): Promise<{ body: string; trailers: Record<string, string> }> {
  async function* source() {
    for (const piece of pieces) yield Buffer.from(piece, 'latin1');
  }
  const trailers = new Map<string, string>();
  let body = '';
  for await (const bytes of decodeAwsChunked(source(), trailers)) body += bytes.toString('latin1');
  return { body, trailers: Object.fromEntries(trailers) };
}

const UNSIGNED = '5\r\nhello\r\na\r\n, \r\nworld\x00\r\n0\r\nX-Amz-Checksum-Crc32:AAAA==\r\nx-two: 2 \r\n\r\n';
const DECODED = { body: 'hello, \r\nworld\x00', trailers: { 'x-amz-checksum-crc32': 'AAAA==', 'x-two': '2' } };

test('an unsigned body with trailers is decoded, wherever the network cuts it', async () => {
  for (let i = 0; i <= UNSIGNED.length; i++)
    for (let j = i; j <= UNSIGNED.length; j += 7)
      assert.deepEqual(await decode(UNSIGNED.slice(0, i), UNSIGNED.slice(i, j), UNSIGNED.slice(j)), DECODED);
  assert.deepEqual(await decode(...UNSIGNED), DECODED);
});

test('a signed body is decoded, without trailers and without the last empty line', async () => {
  const signed = '5;chunk-signature=0a1b\r\nhello\r\n0;chunk-signature=2c3d\r\n';
  assert.deepEqual(await decode(`${signed}\r\n`), { body: 'hello', trailers: {} });
  assert.deepEqual(await decode(signed), { body: 'hello', trailers: {} });
});

test('a body that is cut short or has broken framing is refused', async () => {
  const broken = [
    '',
    '5\r\nhel',
    '5\r\nhello\r\n',
    '5\r\nhello',
    'x\r\nhello\r\n0\r\n',
    '-5\r\n',
    '5\r\nhelloworld\r\n',
    '1'.repeat(5000),
  ];
  for (const body of broken)
    await assert.rejects(decode(body), { code: 'IncompleteBody' }, JSON.stringify(body.slice(0, 20)));
});
