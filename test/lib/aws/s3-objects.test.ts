import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { s3Upload } from '../../../lib/aws/s3-objects.ts';
import { s3Store } from '../../../lib/aws/s3-store.ts';
import { compilePattern, parseLocation, showName } from '../../../lib/store/objects.ts';
import { findFiles, uniqueNames } from '../../../local/backend/input-files.ts';
import { findUploads } from '../../../local/backend/upload.ts';
import { startS3Server } from '../../../local/s3/server.ts';

const BUCKET = 'tables';
let folder: string;
let server: Awaited<ReturnType<typeof startS3Server>>;
let config: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arvoredo-objects-'));
  server = await startS3Server({ dataDir: join(folder, 's3'), port: 0 });
  config = {
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  await new S3Client(config).send(new CreateBucketCommand({ Bucket: BUCKET }));
});
after(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

test('objects are found by key, by prefix and by pattern', async () => {
  const { objects, ...store } = s3Store(BUCKET, config);
  const keys = ['a/1.csv', 'a/2.csv', 'a/_SUCCESS', 'a/.part', 'a/b/3.csv', 'a/b/3.txt', 'ab.csv'];
  for (const key of keys) await store.create(key, new TextEncoder().encode(key));
  const find = async (key: string) =>
    (await objects.find(`s3://${BUCKET}/${key}`)).map(({ uri }) => uri.slice(`s3://${BUCKET}/`.length));
  assert.deepEqual(await find('a/1.csv'), ['a/1.csv']);
  assert.deepEqual(await find('a'), []);
  assert.deepEqual(await find('a/'), ['a/1.csv', 'a/2.csv', 'a/b/3.csv', 'a/b/3.txt']);
  assert.deepEqual(await find('a/*.csv'), ['a/1.csv', 'a/2.csv']);
  assert.deepEqual(await find('a/**.csv'), ['a/1.csv', 'a/2.csv', 'a/b/3.csv']);
  assert.deepEqual(await find('**/?.csv'), ['a/1.csv', 'a/2.csv', 'a/b/3.csv']);
  assert.deepEqual(await find('a*.csv'), ['ab.csv']);
});

test('a bucket that is not there is told', async () => {
  const { objects } = s3Store(BUCKET, config);
  await assert.rejects(objects.find('s3://no-such-bucket/a/'), {
    name: 'InputError',
    message: /^bucket no-such-bucket, which s3:\/\/no-such-bucket\/a\/ names, does not exist/,
  });
});

test('a range is read of the object that was found, and of no other', async () => {
  const { objects, usage, ...store } = s3Store(BUCKET, config);
  await store.replace('pinned.csv', new TextEncoder().encode('a,b\n1,2\n'));
  const [found] = await objects.find(`s3://${BUCKET}/pinned.csv`);
  assert.equal(found.size, 8);
  assert.equal(new TextDecoder().decode(await objects.read(found, 4, 7)), '1,2');
  assert.equal(usage.bytesRead, 3);
  await store.replace('pinned.csv', new TextEncoder().encode('a,b\n3,4\n'));
  const changed = {
    name: 'InputError',
    message: /^s3:\/\/tables\/pinned\.csv has changed since this run began to read it/,
  };
  await assert.rejects(objects.read(found, 4, 7), changed);
  await store.remove('pinned.csv');
  await assert.rejects(objects.read(found, 4, 7), changed);
});

test('a file is uploaded once, and what is there stays', async () => {
  const store = s3Store(BUCKET, config);
  const file = join(folder, 'up.csv');
  await writeFile(file, 'x\n1\n');
  await s3Upload(BUCKET, file, 'up.csv', config);
  await writeFile(file, 'x\n2\n');
  await s3Upload(BUCKET, file, 'up.csv', config);
  assert.equal(new TextDecoder().decode(await store.get('up.csv')), 'x\n1\n');
});

test('a write that races with another is tried again after a pause that doubles, five times in all', async (t) => {
  t.mock.method(Math, 'random', () => 0.5);
  const timesMs: number[] = [];
  let numConflicts = 4;
  const racing = createServer((request, response) => {
    timesMs.push(performance.now());
    request.resume();
    const isConflict = timesMs.length <= numConflicts;
    response.writeHead(isConflict ? 409 : 200, { 'content-type': 'application/xml' });
    response.end(isConflict ? '<Error><Code>ConditionalRequestConflict</Code><Message>race</Message></Error>' : '');
  }).listen(0, '127.0.0.1');
  t.after(() => racing.close());
  await once(racing, 'listening');
  const endpoint = `http://127.0.0.1:${(racing.address() as AddressInfo).port}`;
  const store = s3Store(BUCKET, { ...config, endpoint });
  assert.equal(await store.create('k', new Uint8Array(1)), true);
  const gaps = timesMs.slice(1).map((atMs, i) => atMs - timesMs[i]);
  assert.equal(gaps.length, 4);
  for (const [i, gap] of gaps.entries()) assert.ok(gap >= 50 * 2 ** i - 2, `${gap} ms before attempt ${i + 2}`);
  timesMs.length = 0;
  numConflicts = 9;
  await assert.rejects(store.create('k', new Uint8Array(1)), { name: 'ConditionalRequestConflict' });
  assert.equal(timesMs.length, 5);
});

test('locations and names', () => {
  assert.deepEqual(parseLocation('s3://my-bucket/a/b*.csv'), { bucket: 'my-bucket', key: 'a/b*.csv' });
  for (const location of ['a.csv', 's3://my-bucket', 's3://my-bucket/', 's3:///x', 'https://x/y']) {
    assert.throws(() => parseLocation(location), {
      name: 'InputError',
      message: /^data must be given as s3:\/\/bucket\/key/,
    });
  }
  assert.equal(showName('s3://arvoredo/data/0123456789abcdef/iris.csv'), 'iris.csv');
  assert.equal(showName('s3://arvoredo/data/0123456789abcdef/p/iris.csv'), 'p/iris.csv');
  assert.equal(showName('s3://other/iris.csv'), 's3://other/iris.csv');
  assert.equal(compilePattern('a.b/(x)*').matches('a.b/(x)y'), true);
  assert.equal(compilePattern('a.b/(x)*').matches('aXb/(x)y'), false);
});

test('files of one name are called with as many of their folders as tell them apart', () => {
  assert.deepEqual(uniqueNames(['/d/p/t.csv', '/d/q/t.csv', '/d/u.csv']), ['p/t.csv', 'q/t.csv', 'u.csv']);
  assert.deepEqual(uniqueNames(['/a/x/t.csv', '/b/x/t.csv', '/t.csv']), ['a/x/t.csv', 'b/x/t.csv', 't.csv']);
  assert.deepEqual(uniqueNames(['/a/t.csv', '/a/t.csv']), ['a/t.csv', 'a/t.csv']);
});

test('files of one content in several folders are each uploaded', async () => {
  const root = join(folder, 'parts');
  for (const part of ['p', 'q']) {
    await mkdir(join(root, part), { recursive: true });
    await writeFile(join(root, part, 't.csv'), 'a,y\n1,u\n');
  }
  const { given, uploads } = await findUploads({ data: [root, 's3://tables/a.csv'], label: 'y' }, 'local');
  assert.equal(uploads.length, 2);
  const data = given.data as string[];
  assert.deepEqual(data.map(showName), ['p/t.csv', 'q/t.csv', 's3://tables/a.csv']);
  assert.deepEqual(
    data.slice(0, 2),
    uploads.map(({ key }) => `s3://arvoredo/${key}`),
  );
});

test('files are found by path, folder and pattern', async () => {
  const root = join(folder, 'files');
  await mkdir(join(root, 'sub'), { recursive: true });
  for (const name of ['b.csv', 'a.csv', '_c.csv', 'sub/d.csv']) await writeFile(join(root, name), '');
  const find = async (path: string) => (await findFiles(join(root, path))).map((file) => file.slice(root.length + 1));
  assert.deepEqual(await find('_c.csv'), ['_c.csv']);
  assert.deepEqual(await find(''), ['a.csv', 'b.csv', 'sub/d.csv']);
  assert.deepEqual(await find('*.csv'), ['a.csv', 'b.csv']);
  assert.deepEqual(await find('**/*.csv'), ['a.csv', 'b.csv', 'sub/d.csv']);
  await assert.rejects(find('*.tsv'), { name: 'InputError', message: /no file found/ });
});
