import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { startS3Server } from '../../../local/s3/server.ts';
import { BUCKET, clientOf, errorName, plain, restartHarness, startHarness, temporaryFolder } from './harness.ts';

const unfinished = (dataDir: string) => readdirSync(join(dataDir, 'tmp'));

test('a restart keeps buckets, objects, metadata and unfinished uploads', async () => {
  let s3 = await startHarness();
  const Metadata = { long: 'x'.repeat(1500) };
  const target = { Bucket: BUCKET, Key: 'a/é\u{1f600}', Body: 'hello', Metadata, ChecksumAlgorithm: 'SHA256' } as const;
  await s3.client.send(new PutObjectCommand(target));
  const upload = { Bucket: BUCKET, Key: 'unfinished' };
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand(upload));
  const part = await s3.client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'part' }));
  const describe = async () => {
    const { Body, $metadata, ...facts } = await s3.client.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: target.Key, ChecksumMode: 'ENABLED' }),
    );
    return { ...facts, text: await Body!.transformToString() };
  };
  const before = await describe();
  const listing = async () => (await s3.client.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents;
  const listedBefore = await listing();
  s3 = await restartHarness(s3);
  assert.deepEqual(await describe(), before);
  assert.deepEqual(await listing(), listedBefore);
  const Parts = [{ PartNumber: 1, ETag: part.ETag }];
  await s3.client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }));
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/unfinished`)).body, 'part');
  await s3.stop();
});

test('a file that is not whole is moved aside at the start, and the rest is served', async () => {
  let s3 = await startHarness();
  const objects = join(s3.dataDir, 'buckets', BUCKET, 'objects');
  await s3.put('cut', 'x'.repeat(100));
  truncateSync(join(objects, readdirSync(objects)[0]), 60);
  writeFileSync(join(objects, 'empty'), '');
  await s3.put('whole', 'x');
  s3 = await restartHarness(s3);
  assert.equal(s3.server.damaged.length, 2);
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/cut`)).code, 'NoSuchKey');
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/whole`)).body, 'x');
  await s3.stop();
});

async function serveInChild(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const program = join(import.meta.dirname, 'serve.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return { child, url: String(line).trim() };
}

/** Bytes that say which key and version they are, and whether they are whole. */
function selfDescribing(key: string, version: number, numBytes: number): Buffer {
  const content = Buffer.alloc(numBytes, `${key} ${version} `);
  return Buffer.concat([createHash('sha256').update(content).digest(), content]);
}

test('after kill -9 every acknowledged object is there whole, and nothing torn is visible', async () => {
  const dataDir = temporaryFolder();
  const acknowledged = new Map<string, number>();
  /** Overwrites its five keys in turn until the server is gone. */
  async function write(client: S3Client, writer: number, round: number): Promise<void> {
    const random = new RandomStream(round, STREAM.values, writer);
    for (let i = 0; ; i++) {
      const key = `${writer}/${i % 5}`;
      const version = round * 1e6 + i;
      const Body = selfDescribing(key, version, 100 + random.nextBelow(i % 3 === 0 ? 3 << 20 : 5000));
      try {
        await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body }));
      } catch {
        return;
      }
      acknowledged.set(key, version);
    }
  }
  for (let round = 1; round <= 2; round++) {
    const { child, url } = await serveInChild(dataDir);
    const client = clientOf(url);
    await plain(url, 'PUT', `/${BUCKET}`);
    const before = new Map(acknowledged);
    const writers = Array.from({ length: 8 }, (_, writer) => write(client, writer, round));
    while ([...acknowledged].filter(([key, version]) => version !== before.get(key)).length < 30)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await Promise.all([once(child, 'exit'), ...writers]);
    client.destroy();
    const server = await startS3Server({ dataDir });
    const reader = clientOf(server.url);
    assert.deepEqual(server.damaged, []);
    assert.deepEqual(unfinished(dataDir), []);
    const { Contents = [] } = await reader.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    const visible = new Set(Contents.map(({ Key }) => Key!));
    for (const key of acknowledged.keys()) assert.ok(visible.has(key), `${key} was acknowledged and is gone`);
    for (const key of visible) {
      const { Body } = await reader.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
      const bytes = Buffer.from(await Body!.transformToByteArray());
      assert.ok(
        createHash('sha256').update(bytes.subarray(32)).digest().equals(bytes.subarray(0, 32)),
        `${key} is torn`,
      );
      const [name, version] = bytes.toString('latin1', 32, 60).split(' ');
      assert.equal(name, key);
      assert.ok(Number(version) >= (acknowledged.get(key) ?? 0), `${key} went back to version ${version}`);
    }
    reader.destroy();
    await server.close();
  }
  rmSync(dataDir, { recursive: true });
});

test('an upload that is broken off leaves the object as it was and no file behind', async () => {
  let onGone = () => {};
  const gone = new Promise<void>((resolve) => {
    onGone = resolve;
  });
  const s3 = await startHarness({ onRequest: ({ status }) => status === 0 && onGone() });
  await s3.put('key', 'old');
  const headers = { 'content-length': String(8 << 20) };
  const upload = request(`${s3.server.url}/${BUCKET}/key`, { method: 'PUT', headers });
  upload.on('error', () => {});
  upload.write(Buffer.alloc(4 << 20), () => upload.destroy());
  await gone;
  assert.deepEqual(unfinished(s3.dataDir), []);
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/key`)).body, 'old');
  await s3.stop();
});

test('a full disk is told at once, without retries, and leaves the object as it was and no file behind', async () => {
  let freeBytes = Number.POSITIVE_INFINITY;
  const s3 = await startHarness({
    beforeWrite(numBytes) {
      freeBytes -= numBytes;
      if (freeBytes < 0) throw Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' });
    },
  });
  const retrying = clientOf(s3.server.url, { maxAttempts: 3 });
  await s3.put('key', 'old');
  for (const [space, numBytes] of [
    [10, 10],
    [3 << 20, 16 << 20],
  ]) {
    freeBytes = space;
    const put = new PutObjectCommand({ Bucket: BUCKET, Key: 'key', Body: Buffer.alloc(numBytes) });
    await assert.rejects(
      retrying.send(put),
      (error: Error & { $metadata: { httpStatusCode: number; attempts: number } }) => {
        assert.equal(error.name, 'InsufficientStorage');
        assert.equal(error.message, `no space left on the disk that holds ${s3.dataDir}`);
        assert.deepEqual([error.$metadata.httpStatusCode, error.$metadata.attempts], [507, 1]);
        return true;
      },
    );
    assert.deepEqual(unfinished(s3.dataDir), []);
    assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/key`)).body, 'old');
  }
  freeBytes = Number.POSITIVE_INFINITY;
  assert.equal(await errorName(s3.put('key', 'new')), 'none');
  retrying.destroy();
  await s3.stop();
});

test('a folder is served by one process at a time, and a dead one’s is taken over', async () => {
  const dataDir = temporaryFolder();
  const { child } = await serveInChild(dataDir);
  await assert.rejects(startS3Server({ dataDir }), {
    name: 'ConflictError',
    message: new RegExp(`in use by process ${child.pid};`),
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await (await startS3Server({ dataDir })).close();
  rmSync(dataDir, { recursive: true });
});
