// The contract of a store, run by all its implementations.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { withPartitions } from '../../../lib/aws/partition-store.ts';
import { s3Store } from '../../../lib/aws/s3-store.ts';
import { NotFoundError } from '../../../lib/base/errors.ts';
import type { Objects } from '../../../lib/store/objects.ts';
import type { MeasuredStore, Store } from '../../../lib/store/store.ts';
import { folderStore } from '../../../local/commands/folder-store.ts';
import { type S3Server, startS3Server } from '../../../local/s3/server.ts';
import { memoryStore } from '../../memory-store.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

function testStore(name: string, open: () => Promise<Store>, close: () => Promise<void> = async () => {}): void {
  suite(`store: ${name}`, () => {
    let store: Store;
    before(async () => {
      store = await open();
    });
    after(close);

    test('an object is created once: of many at once exactly one wins, and its bytes stay', async () => {
      const wins = await Promise.all(Array.from({ length: 20 }, (_, i) => store.create('once', bytes(`attempt ${i}`))));
      assert.equal(wins.filter(Boolean).length, 1);
      assert.equal(text(await store.get('once')), `attempt ${wins.indexOf(true)}`);
      assert.equal(await store.create('once', bytes('late')), false);
    });
    test('replace overwrites, remove removes, and removing nothing is no error', async () => {
      await store.replace('status', bytes('a'));
      await store.replace('status', bytes('b'));
      assert.equal(text(await store.get('status')), 'b');
      await store.remove('status');
      await store.remove('status');
      await assert.rejects(store.get('status'), NotFoundError);
    });
    test('keys are listed by prefix in byte order, and folders are told once', async () => {
      const parts = ['runs/a/train/part-00000.arrow', 'runs/a/train/part-00000.json', 'runs/a/train/part-00001.arrow'];
      for (const key of ['runs/b/2', 'runs/b/10', 'runs/a/x', 'runs/ä/x', 'runsB', 'runs/top', ...parts])
        await store.create(key, bytes('x'));
      const inRuns = [...parts, 'runs/a/x', 'runs/b/10', 'runs/b/2', 'runs/top', 'runs/ä/x'];
      assert.deepEqual(await store.list('runs/'), inRuns);
      assert.deepEqual(await store.list('runs/a/tr'), parts);
      assert.deepEqual(await store.list('runs/b/'), ['runs/b/10', 'runs/b/2']);
      assert.deepEqual(await store.listFolders('runs/'), ['a', 'b', 'ä']);
      assert.deepEqual(await store.list('none/'), []);
    });
    test('an empty object is an object', async () => {
      assert.equal(await store.create('empty', new Uint8Array()), true);
      assert.equal((await store.get('empty')).length, 0);
    });
  });
}

test('a partition that was made before there was a directory bucket is found, and what is nowhere is not', async () => {
  const [main, zoned] = [memoryStore(), memoryStore()].map((store) =>
    Object.assign(store, { usage: { writes: 1, reads: 2, bytesWritten: 3, bytesRead: 4 }, objects: {} as Objects }),
  ) as [MeasuredStore, MeasuredStore];
  const both = withPartitions(main, zoned);
  await main.create('runs/r/test/part-00000.arrow', bytes('old'));
  await both.create('runs/r/test/part-00001.arrow', bytes('new'));
  assert.equal(text(await both.get('runs/r/test/part-00000.arrow')), 'old');
  assert.equal(text(await both.get('runs/r/test/part-00001.arrow')), 'new');
  assert.deepEqual(await zoned.list(''), ['runs/r/test/part-00001.arrow']);
  await assert.rejects(both.get('runs/r/test/part-00002.arrow'), NotFoundError);
  assert.deepEqual(both.usage, { writes: 2, reads: 4, bytesWritten: 6, bytesRead: 8 });
});

testStore('memory', async () => memoryStore());

let folder: string;
testStore(
  'folder',
  async () => {
    folder = await mkdtemp(join(tmpdir(), 'arvoredo-store-'));
    return folderStore(folder);
  },
  () => rm(folder, { recursive: true }),
);

let server: S3Server;
let dataDir: string;
testStore(
  'S3 over HTTP',
  async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'arvoredo-store-'));
    server = await startS3Server({ dataDir });
    const config = {
      endpoint: server.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    };
    await new S3Client(config).send(new CreateBucketCommand({ Bucket: 'contract' }));
    return s3Store('contract', config);
  },
  async () => {
    await server.close();
    await rm(dataDir, { recursive: true });
  },
);

testStore(
  'S3 over HTTP, with partitions in a directory bucket',
  async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'arvoredo-store-'));
    server = await startS3Server({ dataDir });
    const config = {
      endpoint: server.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    };
    const zone = 'contract--use1-az4--x-s3';
    // the SDK asks for a session even for a bucket that is not there yet
    const client = new S3Client({ ...config, disableS3ExpressSessionAuth: true });
    for (const Bucket of ['contract', zone]) await client.send(new CreateBucketCommand({ Bucket }));
    return withPartitions(s3Store('contract', config), s3Store(zone, config));
  },
  async () => {
    await server.close();
    await rm(dataDir, { recursive: true });
  },
);
