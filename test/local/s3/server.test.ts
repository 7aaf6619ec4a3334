import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketAclCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3RequestInfo } from '../../../local/s3/server.ts';
import { until } from '../../until.ts';
import { BUCKET, errorName, type Harness, plain, startHarness } from './harness.ts';

const requests: S3RequestInfo[] = [];
let s3: Harness;
before(async () => {
  s3 = await startHarness({ onRequest: (info) => requests.push(info) });
});
after(() => s3.stop());

test('buckets are created, found, listed and deleted', async () => {
  const Bucket = 'another-bucket-1';
  await s3.client.send(new CreateBucketCommand({ Bucket }));
  assert.equal(await errorName(s3.client.send(new CreateBucketCommand({ Bucket }))), 'BucketAlreadyOwnedByYou');
  await s3.client.send(new HeadBucketCommand({ Bucket }));
  assert.equal((await s3.client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint, undefined);
  const { Buckets } = await s3.client.send(new ListBucketsCommand({}));
  assert.deepEqual(
    Buckets!.map(({ Name }) => Name),
    [Bucket, BUCKET],
  );
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'key', Body: '' }));
  assert.equal(await errorName(s3.client.send(new DeleteBucketCommand({ Bucket }))), 'BucketNotEmpty');
  await plain(s3.server.url, 'DELETE', `/${Bucket}/key`);
  await s3.client.send(new DeleteBucketCommand({ Bucket }));
  assert.equal(await errorName(s3.client.send(new HeadBucketCommand({ Bucket }))), 'NotFound');
  assert.equal(await errorName(s3.client.send(new GetObjectCommand({ Bucket, Key: 'key' }))), 'NoSuchBucket');
});

test('a bucket name that S3 would refuse is refused', async () => {
  for (const name of ['ab', 'Data', 'a_b', '-ab', 'a..b', '10.0.0.1', '..', '%2e%2e%2fup', 'x'.repeat(64)])
    assert.equal((await plain(s3.server.url, 'PUT', `/${name}`)).code, 'InvalidBucketName', name);
});

test('what is not supported answers NotImplemented and does nothing else', async () => {
  await s3.put('kept', 'bytes');
  const refused: [string, string, Record<string, string>?][] = [
    ['GET', `/${BUCKET}?acl`],
    ['PUT', `/${BUCKET}?policy`],
    ['DELETE', `/${BUCKET}?policy`],
    ['GET', `/${BUCKET}?versions`],
    ['PUT', `/${BUCKET}/kept?acl`],
    ['PUT', `/${BUCKET}/kept?tagging`],
    ['DELETE', `/${BUCKET}/kept?tagging`],
    ['DELETE', `/${BUCKET}/kept?versionId=1`],
    ['GET', `/${BUCKET}/kept?partNumber=1`],
    ['POST', `/${BUCKET}/kept`],
    ['PATCH', `/${BUCKET}/kept`],
    ['PUT', `/${BUCKET}/kept`, { 'x-amz-tagging': 'a=b' }],
    ['PUT', `/${BUCKET}/kept`, { 'x-amz-acl': 'public-read' }],
    ['PUT', `/${BUCKET}/kept`, { 'x-amz-server-side-encryption': 'aws:kms' }],
    ['PUT', `/${BUCKET}/kept`, { 'transfer-encoding': 'chunked' }],
  ];
  for (const [method, path, headers] of refused) {
    const { status, code } = await plain(s3.server.url, method, path, { headers });
    assert.deepEqual([status, code], [501, 'NotImplemented'], `${method} ${path}`);
  }
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/kept`)).body, 'bytes');
  assert.equal(await errorName(s3.client.send(new GetBucketAclCommand({ Bucket: BUCKET }))), 'NotImplemented');
});

test('a HEAD that fails has no body, and every answer has a request id', async () => {
  const { status, body, headers } = await plain(s3.server.url, 'HEAD', `/${BUCKET}/nothing`);
  assert.deepEqual([status, body], [404, '']);
  assert.match(String(headers['x-amz-request-id']), /^[0-9A-F]{16}$/);
});

test('a path that is not UTF-8 and XML that cannot be read are the client’s errors', async () => {
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}/%ff`)).code, 'InvalidURI');
  for (const xml of ['', 'junk', '<Delete>', '<Other/>', '<Delete></Delete>', '<Delete><Object/></Delete>'])
    assert.equal((await plain(s3.server.url, 'POST', `/${BUCKET}?delete`, { body: xml })).code, 'MalformedXML', xml);
  assert.equal((await plain(s3.server.url, 'GET', `/${BUCKET}?list-type=2&max-keys=-1`)).code, 'InvalidArgument');
});

test('each request is reported with its operation, status and bytes', async () => {
  const reported = () => requests.filter(({ key }) => key?.startsWith('reported'));
  const send = async (method: string, path: string, headers: Record<string, string> = {}, body = '') => {
    const before = reported().length;
    await plain(s3.server.url, method, path, { headers, body });
    // reported after the client has received the response
    await until('the report', () => reported().length > before);
  };
  await send('PUT', `/${BUCKET}/reported`, {}, '12345');
  await send('GET', `/${BUCKET}/reported`, { range: 'bytes=1-2' });
  await send('HEAD', `/${BUCKET}/reported/not`);
  const facts = reported().map(({ method, operation, bucket, key, status, requestBytes }) => [
    method,
    operation,
    bucket,
    key,
    status,
    requestBytes,
  ]);
  assert.deepEqual(facts, [
    ['PUT', 'PutObject', BUCKET, 'reported', 200, 5],
    ['GET', 'GetObject', BUCKET, 'reported', 206, 0],
    ['HEAD', 'HeadObject', BUCKET, 'reported/not', 404, 0],
  ]);
  assert.equal(reported()[1].responseBytes, 2);
  assert.match(reported()[2].error!, /^NoSuchKey: /);
});

test('close does not wait for a client that holds its connection open', async () => {
  const other = await startHarness();
  const idle = connect(other.server.port, '127.0.0.1');
  const slow = connect(other.server.port, '127.0.0.1');
  slow.write(`PUT /${BUCKET}/slow HTTP/1.1\r\nHost: 127.0.0.1:${other.server.port}\r\nContent-Length: 10\r\n\r\nhalf`);
  for (const socket of [idle, slow]) socket.on('error', () => {});
  await other.put('key', 'x');
  await other.stop();
  assert.equal(await errorName(other.put('key', 'x')), 'Error');
});

test('an object can be read past the server, and a request tells the application that its client names', async () => {
  await s3.put('seen', 'bytes');
  assert.deepEqual(s3.server.read(BUCKET, 'seen')?.toString(), 'bytes');
  assert.equal(s3.server.read(BUCKET, 'unseen'), undefined);
  assert.equal(s3.server.read('no-bucket', 'seen'), undefined);
  for (const [agent, app] of [
    ['aws-sdk-js/3 ua/2.1 app/split-1a2b m/A', 'split-1a2b'],
    ['aws-sdk-js/3 webapp/x', undefined],
    ['', undefined],
  ] as const) {
    const before = requests.length;
    await plain(s3.server.url, 'GET', `/${BUCKET}/seen`, { headers: { 'user-agent': agent } });
    // reported after the client has received the response
    await until('the report', () => requests.length > before);
    assert.equal(requests.at(-1)!.app, app, agent);
  }
});
