import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  paginateListParts,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { startChecksum } from '../../../local/s3/checksums.ts';
import { BUCKET, errorName, type Harness, plain, startHarness } from './harness.ts';

const MIN_PART = 5 << 20; // bytes of every part but the last
let s3: Harness;
before(async () => {
  s3 = await startHarness();
});
after(() => s3.stop());

async function create(key: string, options = {}) {
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: key, ...options }));
  const target = { Bucket: BUCKET, Key: key, UploadId };
  return {
    id: UploadId!,
    part: async (PartNumber: number, Body: Uint8Array, more = {}) => {
      const reply = await s3.client.send(new UploadPartCommand({ ...target, PartNumber, Body, ...more }));
      return { PartNumber, ETag: reply.ETag };
    },
    complete: (Parts: { PartNumber: number; ETag?: string }[], more = {}) =>
      s3.client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts }, ...more })),
    abort: () => s3.client.send(new AbortMultipartUploadCommand(target)),
    async parts() {
      const found: (number | undefined)[][] = [];
      for await (const page of paginateListParts({ client: s3.client, pageSize: 1 }, target))
        found.push(...(page.Parts ?? []).map(({ PartNumber, Size }) => [PartNumber, Size]));
      return found;
    },
  };
}

test('parts, sent in any order and one of them twice, become one object', async () => {
  const upload = await create('big', { ChecksumAlgorithm: 'CRC32', ContentType: 'x/y', Metadata: { a: 'b' } });
  const bytes = [Buffer.alloc(MIN_PART, 'a'), Buffer.alloc(MIN_PART + 1, 'b'), Buffer.from('end')];
  const last = await upload.part(9, bytes[2]);
  await upload.part(1, Buffer.alloc(MIN_PART, 'replaced'));
  const parts = [await upload.part(1, bytes[0]), await upload.part(2, bytes[1]), last];
  assert.deepEqual(await upload.parts(), [
    [1, MIN_PART],
    [2, MIN_PART + 1],
    [9, 3],
  ]);
  assert.equal(await errorName(s3.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'big' }))), 'NotFound');
  const { ETag } = await upload.complete(parts);
  const md5s = bytes.map((part) => createHash('md5').update(part).digest());
  assert.equal(ETag, `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3"`);
  const reply = await s3.client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'big', ChecksumMode: 'ENABLED' }));
  assert.deepEqual([reply.ETag, reply.ContentType, reply.Metadata], [ETag, 'x/y', { a: 'b' }]);
  assert.ok(Buffer.concat(bytes).equals(await reply.Body!.transformToByteArray()));
  assert.match(reply.ChecksumCRC32!, /-3$/);
  assert.equal(await errorName(upload.complete(parts)), 'NoSuchUpload');
  assert.deepEqual(readdirSync(join(s3.dataDir, 'buckets', BUCKET, 'uploads')), []);
});

test('a full-object checksum is that of all bytes, and a wrong one completes nothing', async () => {
  const upload = await create('full', { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' });
  const bytes = [Buffer.alloc(MIN_PART, 'x'), Buffer.from('y')];
  const parts = [
    await upload.part(1, bytes[0], { ChecksumAlgorithm: 'CRC64NVME' }),
    await upload.part(2, bytes[1], { ChecksumAlgorithm: 'CRC64NVME' }),
  ];
  const checksum = startChecksum('CRC64NVME');
  for (const part of bytes) checksum.update(part);
  const value = checksum.digest().toString('base64');
  assert.equal(await errorName(upload.complete(parts, { ChecksumCRC64NVME: 'AAAAAAAAAAA=' })), 'BadDigest');
  assert.equal(await errorName(upload.complete(parts, { MpuObjectSize: 1 })), 'InvalidRequest');
  assert.equal(
    (await upload.complete(parts, { ChecksumCRC64NVME: value, MpuObjectSize: MIN_PART + 1 })).ChecksumCRC64NVME,
    value,
  );
  assert.equal(
    await errorName(create('full', { ChecksumAlgorithm: 'SHA256', ChecksumType: 'FULL_OBJECT' })),
    'InvalidRequest',
  );
});

test('a part is copied from a range of another object', async () => {
  await s3.put('source', '0123456789');
  const upload = await create('copied');
  const copy = (CopySourceRange?: string) =>
    s3.client.send(
      new UploadPartCopyCommand({
        Bucket: BUCKET,
        Key: 'copied',
        UploadId: upload.id,
        PartNumber: 1,
        CopySource: `${BUCKET}/source`,
        CopySourceRange,
      }),
    );
  assert.equal(await errorName(copy('bytes=5-10')), 'InvalidArgument');
  const { CopyPartResult } = await copy('bytes=2-4');
  await upload.complete([{ PartNumber: 1, ETag: CopyPartResult!.ETag }]);
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/copied`)).body, '234');
});

test('parts that are missing, out of order, changed or too small are refused', async () => {
  const upload = await create('refused');
  const small = await upload.part(1, Buffer.from('small'));
  const second = await upload.part(2, Buffer.from('last'));
  const nameOf = (parts: { PartNumber: number; ETag?: string }[]) => errorName(upload.complete(parts));
  assert.equal(await nameOf([small, second]), 'EntityTooSmall');
  assert.equal(await nameOf([second, small]), 'InvalidPartOrder');
  assert.equal(await nameOf([{ PartNumber: 3, ETag: small.ETag }]), 'InvalidPart');
  assert.equal(await nameOf([{ PartNumber: 1, ETag: second.ETag }]), 'InvalidPart');
  assert.equal(await nameOf([]), 'MalformedXML');
  assert.equal(await errorName(upload.part(0, Buffer.from('x'))), 'InvalidArgument');
  assert.equal(await errorName(upload.part(10_001, Buffer.from('x'))), 'InvalidArgument');
});

test('of uploads of one key that complete under If-None-Match, one wins, and the rest can be aborted', async () => {
  const uploads = await Promise.all(Array.from({ length: 8 }, () => create('race')));
  const parts = await Promise.all(uploads.map((upload, i) => upload.part(1, Buffer.from(`upload ${i}`))));
  const outcomes = await Promise.all(
    uploads.map((upload, i) => errorName(upload.complete([parts[i]], { IfNoneMatch: '*' }))),
  );
  assert.equal(outcomes.filter((name) => name === 'PreconditionFailed').length, 7);
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/race`)).body, `upload ${outcomes.indexOf('none')}`);
  for (const [i, upload] of uploads.entries())
    assert.equal(await errorName(upload.abort()), outcomes[i] === 'none' ? 'NoSuchUpload' : 'none');
});

test('unfinished uploads are listed by key until they are aborted', async () => {
  const uploads = [await create('listed/b'), await create('listed/a'), await create('listed/a')];
  const list = (options = {}) =>
    s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: 'listed/', ...options }));
  const [b, ...a] = uploads.map(({ id }) => id);
  assert.deepEqual(
    (await list()).Uploads!.map(({ UploadId }) => UploadId),
    [...a.sort(), b],
  );
  const first = await list({ MaxUploads: 1 });
  const rest = await list({ KeyMarker: first.NextKeyMarker, UploadIdMarker: first.NextUploadIdMarker });
  assert.deepEqual(
    rest.Uploads!.map(({ UploadId }) => UploadId),
    [a[1], b],
  );
  assert.deepEqual(
    (await list({ KeyMarker: 'listed/a' })).Uploads!.map(({ UploadId }) => UploadId),
    [b],
  );
  for (const upload of uploads) await upload.abort();
  assert.equal((await list()).Uploads, undefined);
  assert.equal(await errorName(uploads[0].part(1, Buffer.from('x'))), 'NoSuchUpload');
});
