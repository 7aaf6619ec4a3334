import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { s3AccessFromEnvironment, s3Reader } from '../../../lib/aws/s3-reader.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resume) => server.once('listening', resume));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'token' };

test('an object is asked for and signed as the SDK does it', async (t) => {
  const asked: IncomingMessage[] = [];
  const endpoint = await serve(t, (request, response) => {
    asked.push(request);
    response.end('bytes');
  });
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 24) });
  const key = "runs/a b/mödel(1)'s.arvo";
  const bytes = await s3Reader('bucket', () => ({ region: 'eu-west-1', endpoint, ...credentials })).get(key);
  assert.equal(Buffer.from(bytes).toString(), 'bytes');
  const client = new S3Client({ region: 'eu-west-1', endpoint, credentials, forcePathStyle: true });
  await client.send(new GetObjectCommand({ Bucket: 'bucket', Key: key }));
  client.destroy();
  const [ours, theirs] = asked;
  assert.equal(ours.url, theirs.url?.replace(/\?.*$/, ''));
  for (const name of ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256']) {
    assert.equal(ours.headers[name], theirs.headers[name], name);
  }
  assert.equal(ours.headers.authorization, authorizationOf(ours, 'eu-west-1'));
  assert.equal(theirs.headers.authorization, authorizationOf(theirs, 'eu-west-1'));
});

/**
 * The header that a request must have, worked out by hand.
 * Source: "Create a signed AWS API request", in the IAM user guide.
 */
function authorizationOf({ url, headers }: IncomingMessage, region: string): string {
  const [, names] = /SignedHeaders=([^,]+)/.exec(String(headers.authorization))!;
  const time = String(headers['x-amz-date']);
  const day = time.slice(0, 8);
  const [path, query = ''] = url!.split('?');
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`);
  const sortedQuery = query.split('&').sort().join('&');
  const canonical = ['GET', path, sortedQuery, lines.join(''), names, headers['x-amz-content-sha256']].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const sha256 = createHash('sha256').update(canonical).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = [region, 's3', 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${credentials.secretAccessKey}`, day));
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256}`).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=${names}, Signature=${signature}`;
}

test('what may pass is tried again, what is not there is told', async (t) => {
  let requests = 0;
  const endpoint = await serve(t, (request, response) => {
    requests++;
    if (request.url === '/bucket/none') response.writeHead(404).end();
    else if (request.url === '/bucket/denied') response.writeHead(403).end('<Code>AccessDenied</Code>');
    else if (requests === 1) response.writeHead(503).end();
    else if (requests === 2) request.socket.destroy();
    else if (requests === 3) response.writeHead(200, { 'content-length': 9 }).write('cut', () => response.destroy());
    else response.end('whole');
  });
  const reader = s3Reader('bucket', () => ({ region: 'r', endpoint, ...credentials }));
  assert.equal(Buffer.from(await reader.get('key')).toString(), 'whole');
  assert.equal(requests, 4);
  await assert.rejects(reader.get('none'), { name: 'NotFoundError', message: 'no object none in bucket bucket' });
  await assert.rejects(reader.get('denied'), /reading denied: 403 .*AccessDenied/);
  assert.equal(requests, 6);
});

test('region, credentials and endpoint are those of the environment', () => {
  const env = { AWS_REGION: 'r', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_SESSION_TOKEN: 'c' };
  const place = { region: 'r', accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' };
  assert.deepEqual(s3AccessFromEnvironment(env), place);
  assert.deepEqual(s3AccessFromEnvironment({ ...env, AWS_ENDPOINT_URL_S3: 'http://x' }), {
    ...place,
    endpoint: 'http://x',
  });
});
