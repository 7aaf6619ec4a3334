import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { decodeAwsChunked } from '../../../local/s3/aws-chunked.ts';
import { parseRange } from '../../../local/s3/byte-range.ts';
import { ObjectWriter, readObjectInfo } from '../../../local/s3/object-file.ts';
import { checkPresigned } from '../../../local/s3/presigned.ts';
import { parseRequest } from '../../../local/s3/request.ts';
import { S3Error } from '../../../local/s3/s3-error.ts';
import { parseXml } from '../../../local/s3/xml.ts';
import { decodeStrange, FUZZ_RUNS, mutations } from '../../fuzz.ts';
import { BUCKET, type Harness, plain, startHarness } from './harness.ts';

let s3: Harness;
before(async () => {
  s3 = await startHarness();
  await s3.put('key', '0123456789');
});
after(() => s3.stop());

const bytesOf = (text: string) => Buffer.from(text);
const check = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => void) =>
  fc.assert(fc.property(arbitrary, holds), { numRuns: FUZZ_RUNS });

test('any Range header gives a range within the object, none, or a 416', () => {
  const header = fc.oneof(
    fc.string(),
    mutations(bytesOf('bytes=2-40')).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.tuple(fc.bigInt(), fc.bigInt()).map(([first, last]) => `bytes=${first}-${last}`),
    fc.nat(999).map((digits) => `bytes=-${'9'.repeat(digits)}`),
  );
  check(fc.tuple(header, fc.nat(100)), ([range, size]) => {
    try {
      const { start, end } = parseRange(range, size) ?? { start: 0, end: size };
      assert.ok(Number.isInteger(start) && 0 <= start && start <= end && end <= size, `${start} to ${end} of ${size}`);
    } catch (error) {
      assert.equal((error as S3Error).code, 'InvalidRange');
    }
  });
});

const CHUNKED = bytesOf('5;chunk-signature=0a\r\nhello\r\n3\r\nbye\r\n0\r\nx-amz-checksum-crc32:AAAA==\r\n\r\n');

test('any aws-chunked body gives bytes that were in it, or IncompleteBody', async () => {
  const body = fc.tuple(mutations(CHUNKED), fc.nat(30));
  const property = fc.asyncProperty(body, async ([bytes, at]) => {
    async function* source() {
      yield Buffer.from(bytes.subarray(0, at));
      yield Buffer.from(bytes.subarray(at));
    }
    let size = 0;
    try {
      for await (const piece of decodeAwsChunked(source(), new Map())) size += piece.length;
    } catch (error) {
      assert.equal((error as S3Error).code, 'IncompleteBody');
    }
    assert.ok(size <= bytes.length);
  });
  await fc.assert(property, { numRuns: FUZZ_RUNS });
});

test('trailers without an end are refused', async () => {
  async function* source() {
    yield bytesOf('0\r\n');
    for (let i = 0; i < 100; i++) yield bytesOf(`x-${i}: 1\r\n`);
  }
  const read = async () => {
    for await (const _ of decodeAwsChunked(source(), new Map()));
  };
  await assert.rejects(read(), { code: 'IncompleteBody', message: /trailer "x-32: 1"/ });
});

const DELETE =
  '<Delete><Object><Key>a&amp;b&#x1;</Key></Object><Object><Key>c</Key></Object><Quiet>true</Quiet></Delete>';

test('any XML gives fields or MalformedXML, in proportion to its size', () => {
  check(mutations(bytesOf(DELETE)), (bytes) =>
    decodeStrange((some) => parseXml(Buffer.from(some).toString(), 'Delete'), bytes, ['S3Error']),
  );
});

// entities that grow, nesting, and what makes a parser look back again and again; a second is 100 times what they take
const HEAVY: [name: string, xml: string][] = [
  [
    'entities of entities',
    `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">${[...'bcdefgh'].map((c, i) => `<!ENTITY ${c} "${`&${'abcdefg'[i]};`.repeat(10)}">`).join('')}]><Delete><Object><Key>&h;</Key></Object></Delete>`,
  ],
  [
    'a file as an entity',
    '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&a;</Key></Object></Delete>',
  ],
  ['deep nesting', `<Delete>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</Delete>`],
  ['tags that never close', '<'.repeat(300_000)],
  ['an attribute without an end', `<Delete a="${'x'.repeat(300_000)}`],
  ['a comment without an end', `<Delete>${'<!--'.repeat(75_000)}`],
  ['references that are none', `<Delete><Object><Key>${'&#x'.repeat(100_000)}</Key></Object></Delete>`],
];
for (const [name, xml] of HEAVY) {
  test(`XML of ${name} is read or refused without much ado`, () => {
    decodeStrange(
      (bytes) => {
        const { Object: [object] = [] } = parseXml<{ Object: { Key?: unknown }[] }>(
          Buffer.from(bytes).toString(),
          'Delete',
        );
        // nothing was expanded, and nothing read
        if (typeof object?.Key === 'string')
          assert.ok(object.Key.length <= xml.length && !object.Key.includes('root:'));
      },
      bytesOf(xml),
      ['S3Error'],
    );
  });
}

const INFO = { key: 'k', size: 3, etag: 'e', modifiedMs: 1, headers: { 'content-type': 'x/y' } };

test('damaged object files are read or refused as such', async () => {
  const path = join(s3.dataDir, 'object');
  const writer = new ObjectWriter(path, () => {});
  await writer.append(bytesOf('abc'));
  await writer.finish(INFO);
  assert.deepEqual(readObjectInfo(path), INFO);
  const whole = bytesOf(`abc${JSON.stringify(INFO)}`);
  const end = (jsonBytes: number) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(jsonBytes);
    return Buffer.concat([length, bytesOf('arvS3ob1')]);
  };
  const use = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    readObjectInfo(path);
  };
  check(mutations(whole, 3), (bytes) =>
    decodeStrange(use, Buffer.concat([bytes, end(bytes.length - 3)]), ['FormatError', 'SyntaxError']),
  );
  for (const jsonBytes of [0, 1, 0xfff, 0xfffff, 0x7fffffff, 0xffffffff])
    assert.throws(
      () => use(Buffer.concat([whole, end(jsonBytes)])),
      /footer cannot have|JSON|its footer says/,
      `${jsonBytes}`,
    );
  for (const info of ['null', '[]', '5', '{"size":0}'])
    assert.throws(() => use(Buffer.concat([bytesOf(info), end(info.length)])), { name: 'FormatError' }, info);
});

const word = fc.oneof(
  fc.constantFrom('..', '.', '', '%2e%2e%2f', '%00', '%', BUCKET, 'key', 'uploads', '\\', '~', '%F0%9F%98%80', 'con'),
  fc.string({ maxLength: 20 }).map(encodeURIComponent),
);
const PARAMETERS = [
  'uploads',
  'uploadId',
  'partNumber',
  'delete',
  'list-type',
  'max-keys',
  'prefix',
  'delimiter',
  'marker',
];
PARAMETERS.push(
  'continuation-token',
  'X-Amz-Expires',
  'X-Amz-Date',
  'x-amz-meta-a',
  'response-expires',
  'encoding-type',
);
PARAMETERS.push('part-number-marker', 'max-parts', 'key-marker', 'upload-id-marker', 'location', 'tagging', 'Expires');
const query = fc.array(fc.tuple(fc.constantFrom(...PARAMETERS), fc.oneof(word, fc.integer().map(String))), {
  maxLength: 4,
});
const url = fc
  .tuple(fc.array(word, { maxLength: 4 }), query)
  .map(([path, pairs]) => `/${path.join('/')}?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`);

test('any URL is read or refused as an error of the client', () => {
  check(url, (some) => {
    try {
      checkPresigned(parseRequest(some, {}), 0);
    } catch (error) {
      assert.ok(error instanceof S3Error, String(error));
    }
  });
});

const HEADERS = [
  'range',
  'x-amz-copy-source',
  'x-amz-copy-source-range',
  'if-match',
  'if-none-match',
  'if-modified-since',
];
HEADERS.push('content-md5', 'x-amz-trailer', 'content-encoding', 'x-amz-checksum-crc32', 'x-amz-checksum-algorithm');
HEADERS.push('x-amz-decoded-content-length', 'x-amz-metadata-directive', 'x-amz-date', 'x-amz-expires', 'content-type');
const headers = fc.dictionary(
  fc.constantFrom(...HEADERS),
  fc.oneof(
    fc.constantFrom(
      `/${BUCKET}/key`,
      `${BUCKET}/..`,
      'bytes=0-1',
      'aws-chunked',
      'x-amz-checksum-sha1',
      '*',
      '""',
      '-1',
    ),
    fc.string({ maxLength: 20 }).map((text) => text.replace(/[^ -~]/g, '')),
  ),
  { maxKeys: 4 },
);
const PART =
  '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"e"</ETag></Part></CompleteMultipartUpload>';

test('any request is answered without an internal error, and writes nothing outside of its folder', async () => {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: 'key' }));
  const methods = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD');
  const body = fc.constantFrom(
    DELETE,
    PART,
    '',
    'x',
    '<Delete><Object><Key><a/></Key></Object></Delete>',
    CHUNKED.toString(),
  );
  const target = fc.oneof(
    url,
    fc.constantFrom(`/${BUCKET}/key?uploadId=${UploadId}`, `/${BUCKET}?delete`, `/${BUCKET}/key`),
  );
  const property = fc.asyncProperty(methods, target, headers, body, async (method, path, sent, text) => {
    const { status, code, body: answer } = await plain(s3.server.url, method, path, { headers: sent, body: text });
    assert.ok(status < 500 || code === 'NotImplemented' || status === 501, `${status} ${answer}`);
  });
  await fc.assert(property, { numRuns: FUZZ_RUNS });
  await plain(s3.server.url, 'PUT', `/${BUCKET}`); // it may have been deleted
  await s3.put('after', 'x');
  assert.equal(await s3.text('after'), 'x');
  const names = readdirSync(s3.dataDir).filter((name) => name !== 'object');
  assert.deepEqual(names.sort(), ['buckets', 'server.pid', 'tmp']);
  for (const bucket of readdirSync(join(s3.dataDir, 'buckets')))
    for (const file of readdirSync(join(s3.dataDir, 'buckets', bucket, 'objects')))
      assert.match(file, /^[0-9a-f]{64}$/);
});

test('header values that no header can hold are refused, and leave no file open', async () => {
  const open = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
  const statusOf = async (method: string, path: string) => (await plain(s3.server.url, method, path)).status;
  await s3.put('key', '0123456789');
  const numOpen = open();
  for (let i = 0; i < 50; i++) {
    assert.equal(await statusOf('GET', `/${BUCKET}/key?response-expires=a%0d%0ab`), 400);
    assert.equal(await statusOf('PUT', `/${BUCKET}/other?x-amz-meta-a=a%0ab`), 400);
    assert.equal(await statusOf('PUT', `/${BUCKET}/other?x-amz-meta-a%20b=c`), 400);
  }
  assert.ok(open() < numOpen + 20, 'files stay open');
  assert.equal(await statusOf('GET', `/${BUCKET}/key?response-expires=a`), 200);
});

for (const [what, path, xml] of [
  ['a key that is an element', `/${BUCKET}?delete`, '<Delete><Object><Key><a/></Key></Object></Delete>'],
  ['two keys', `/${BUCKET}?delete`, '<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>'],
  [
    'an ETag that is an element',
    `/${BUCKET}?delete`,
    '<Delete><Object><Key>a</Key><ETag><b/></ETag></Object></Delete>',
  ],
] as const) {
  test(`${what} is MalformedXML`, async () => {
    assert.equal((await plain(s3.server.url, 'POST', path, { body: xml })).code, 'MalformedXML');
  });
}
