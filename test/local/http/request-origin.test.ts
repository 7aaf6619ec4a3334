import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { startDashboard } from '../../../local/dashboard/server.ts';
import { startCloudFormation } from '../../../local/emulator/cloudformation.ts';
import { startHttpApi } from '../../../local/emulator/http-api.ts';
import { refusalReason } from '../../../local/http/request-origin.ts';
import { listen } from '../../../local/http/serve.ts';
import { createRuntimeApi } from '../../../local/lambda/runtime-api.ts';
import { startLambdaService } from '../../../local/lambda/service.ts';
import { BUCKET, clientOf, plain, startHarness } from '../s3/harness.ts';

const s3 = await startHarness();
const dataDir = mkdtempSync(join(tmpdir(), 'arvoredo-own-'));
const lambda = await startLambdaService({ functions: [], dataDir });
const api = await startHttpApi({ invoke: async () => ({ payload: Buffer.from('{}') }) });
const cloudFormation = await startCloudFormation({ stacks: {} });
const dashboard = await startDashboard({
  port: 0,
  pageDir: 'local/dashboard/page',
  eventsFile: join(dataDir, 'events.ndjson'),
  from: 0,
});
let numNext = 0;
const runtime = createRuntimeApi({
  onNext(response) {
    numNext++;
    response.end();
  },
  onResponse: () => true,
  onError: () => true,
  onInitError: () => {},
});
const runtimePort = await listen(runtime, 0);
after(async () => {
  await Promise.all([s3.stop(), lambda.close(), api.close(), cloudFormation.close(), dashboard.close()]);
  runtime.close();
  runtime.closeAllConnections();
  rmSync(dataDir, { recursive: true });
});

/** Every server of the emulator, and a request that it answers with 200. */
const SERVERS: [name: string, port: number, method: string, path: string, body?: string][] = [
  ['S3', s3.server.port, 'GET', '/'],
  ['Lambda', lambda.port, 'GET', '/2015-03-31/functions'],
  ['the Runtime API', runtimePort, 'GET', '/2018-06-01/runtime/invocation/next'],
  ['the HTTP API', api.port, 'GET', '/runs'],
  ['the dashboard', dashboard.port, 'GET', '/'],
  ['CloudFormation', cloudFormation.port, 'POST', '/', 'Action=DescribeStacks'],
];

for (const [name, port, method, path, body] of SERVERS) {
  const statusOf = async (headers: Record<string, string>) =>
    (await plain(`http://127.0.0.1:${port}`, method, path, { headers, body })).status;
  const own = `127.0.0.1:${port}`;

  test(`${name} answers under the names of this machine only, whatever a name points to`, async () => {
    for (const host of [own, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`, '127.0.0.1:9999', 'localhost'])
      assert.equal(await statusOf({ host }), 200, host);
    const strangers = ['evil.example', `evil.example:${port}`, `${own}.evil.example`, `127.0.0.1.evil.example:${port}`];
    strangers.push('localhost.evil.example', 'evillocalhost', `0.0.0.0:${port}`, 'localhost:80:80', '[::1', `a@${own}`);
    for (const host of strangers) assert.equal(await statusOf({ host }), 403, host);
  });

  test(`${name} answers no page of another site, nor the images and links of one`, async () => {
    const before = numNext;
    for (const origin of ['https://evil.example', 'null', `http://127.0.0.1.evil.example`, `http://localhost:${port}`])
      assert.equal(await statusOf({ origin }), 403, origin);
    assert.equal(await statusOf({ origin: 'http://127.0.0.1:3000' }), 403, 'a page of another port');
    for (const site of ['cross-site', 'same-site', 'else'])
      assert.equal(await statusOf({ 'sec-fetch-site': site }), 403, site);
    assert.equal(numNext, before, 'no invocation was handed out');
    for (const site of ['same-origin', 'none'])
      assert.equal(await statusOf({ origin: `http://${own}`, 'sec-fetch-site': site }), 200, site);
  });

  test(`${name} refuses headers of more than 16 KiB, and goes on`, async () => {
    assert.equal(await statusOf({ 'x-long': 'a'.repeat(17_000) }), 431);
    assert.equal(await statusOf({ 'x-long': 'a'.repeat(8000) }), 200);
  });

  test(`${name} listens on 127.0.0.1 and no other address`, async () => {
    const isOpen = await new Promise((resolve) => {
      // where a server on all addresses would answer too
      const socket = connect({ host: '127.0.0.2', port, timeout: 2000 }, () => resolve(true));
      socket.on('error', () => resolve(false)).on('timeout', () => resolve(false));
      socket.on('close', () => socket.destroy());
    });
    assert.equal(isOpen, false);
  });
}

test('a request without a host is refused', () => {
  assert.match(refusalReason({ headers: {} })!, /^the host must be 127\.0\.0\.1 or localhost, got ""$/);
});

test('an SDK that puts the bucket in the host name, as with an endpoint of localhost, is served', async () => {
  // not every machine resolves names below localhost
  const lookup = (_name: string, { all }: { all?: boolean }, found: (...args: unknown[]) => void) =>
    all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4);
  const httpAgent = new Agent({ lookup: lookup as never });
  const client = clientOf(`http://localhost:${s3.server.port}`, { requestHandler: { httpAgent } });
  const hosts: string[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      hosts.push((args.request as { hostname: string }).hostname);
      return next(args);
    },
    { step: 'finalizeRequest' },
  );
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'data/a b', Body: 'bytes' }));
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'data/a b' }));
  assert.equal(await Body!.transformToString(), 'bytes');
  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  assert.deepEqual(
    Contents!.map(({ Key }) => Key),
    ['data/a b'],
  );
  assert.deepEqual(hosts, Array(3).fill(`${BUCKET}.localhost`));
  assert.equal(await s3.text('data/a b'), 'bytes');
  client.destroy();
});

test('a bucket in the host name is found whatever the key, and one that is not there is NoSuchBucket', async () => {
  const { url, port } = s3.server;
  await s3.put('/', 'slash');
  assert.equal((await plain(url, 'GET', '//', { headers: { host: `${BUCKET}.localhost:${port}` } })).body, 'slash');
  assert.equal((await plain(url, 'GET', '/', { headers: { host: `DATA.localhost:${port}` } })).status, 200);
  assert.equal(
    (await plain(url, 'GET', '/key', { headers: { host: `other.localhost:${port}` } })).code,
    'NoSuchBucket',
  );
  assert.equal(
    (await plain(url, 'PUT', '/', { headers: { host: `a..b.localhost:${port}` } })).code,
    'InvalidBucketName',
  );
});
