// Directory buckets: sessions, and what they have not of other buckets.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  CreateBucketCommand,
  CreateSessionCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type S3Server, startS3Server } from '../../../local/s3/server.ts';

const ZONED = 'rows--use1-az4--x-s3';
const dataDir = mkdtempSync(join(tmpdir(), 'arvoredo-sessions-'));
let server: S3Server;
const clients: S3Client[] = [];
function clientOf(accessKeyId: string, disableS3ExpressSessionAuth = false): S3Client {
  const credentials = { accessKeyId, secretAccessKey: 'b' };
  const client = new S3Client({ endpoint: server.url, region: 'us-east-1', credentials, disableS3ExpressSessionAuth });
  clients.push(client);
  return client;
}

before(async () => {
  server = await startS3Server({
    dataDir,
    // a reader may have sessions that read, a stranger none
    authorize: (who, action, resource, context) => {
      const mayOpen = who === 'writer' || (who === 'reader' && context?.['s3express:SessionMode'] === 'ReadOnly');
      return action !== 's3express:CreateSession' || mayOpen ? undefined : `${who} may not ${action} on ${resource}`;
    },
  });
  const owner = clientOf('owner', true);
  for (const Bucket of [ZONED, 'general']) await owner.send(new CreateBucketCommand({ Bucket }));
});
after(async () => {
  for (const client of clients) client.destroy();
  await server.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const put = (Key: string, more = {}) => new PutObjectCommand({ Bucket: ZONED, Key, Body: 'x', ...more });

test('the SDK opens a session by itself, and a key is the same with it and without', async () => {
  const writer = clientOf('writer');
  await writer.send(put('runs/a/part.arrow', { IfNoneMatch: '*' }));
  await assert.rejects(writer.send(put('runs/a/part.arrow', { IfNoneMatch: '*' })), { name: 'PreconditionFailed' });
  assert.ok(server.read(ZONED, 'runs/a/part.arrow'), 'the key must be without a slash in front');
});

test('a role that may only read gets a ReadOnly session, others an error that names the permission', async () => {
  await clientOf('writer').send(put('read'));
  const reader = clientOf('reader');
  const { Body } = await reader.send(new GetObjectCommand({ Bucket: ZONED, Key: 'read' }));
  assert.equal(await Body!.transformToString(), 'x');
  await assert.rejects(reader.send(put('new')), { name: 'AccessDenied', message: /requires a ReadWrite session/ });
  await assert.rejects(clientOf('stranger').send(put('new')), {
    name: 'AccessDenied',
    message: /stranger may not s3express:CreateSession on arn:aws:s3express:\S+:bucket\/rows--use1-az4--x-s3/,
  });
});

test('without a session, or with one of another bucket, nothing is read or written', async () => {
  await assert.rejects(clientOf('writer', true).send(put('bare')), {
    message: /requires a session: call CreateSession first/,
  });
  const { Credentials } = await clientOf('writer').send(new CreateSessionCommand({ Bucket: ZONED }));
  assert.match(Credentials!.AccessKeyId!, /ReadWrite/);
  const other = clientOf(Credentials!.AccessKeyId!.replace(ZONED, 'other--use1-az4--x-s3'), true);
  await assert.rejects(other.send(put('bare')), { message: /requires a session: call CreateSession first/ });
  await assert.rejects(clientOf('writer').send(new CreateSessionCommand({ Bucket: 'general' })), {
    message: /is not a directory bucket/,
  });
});

test('a listing of a directory bucket requires a prefix that ends in a slash, and has no order', async () => {
  const writer = clientOf('writer');
  for (const key of ['list/a', 'list/b', 'list/c']) await writer.send(put(key));
  const list = (Prefix: string) => writer.send(new ListObjectsV2Command({ Bucket: ZONED, Prefix }));
  const keys = (await list('list/')).Contents!.map(({ Key }) => Key);
  assert.deepEqual([...keys].sort(), ['list/a', 'list/b', 'list/c']);
  assert.notDeepEqual(keys, [...keys].sort(), 'whoever needs an order must make it');
  await assert.rejects(list('list/a'), { name: 'InvalidArgument' });
});
