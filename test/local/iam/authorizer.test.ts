// What a role may do is held by the services themselves, whatever client asks.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createAuthorizer, readAccessKey } from '../../../local/iam/authorizer.ts';
import { type S3Server, startS3Server } from '../../../local/s3/server.ts';

const ARN = 'arn:aws:iam::000000000000:role/';
const allow = (Action: string, Resource: string) => ({ Effect: 'Allow', Action, Resource }) as const;
const authorize = createAuthorizer({
  roles: new Map([
    ['reader', { arn: `${ARN}reader`, statements: [allow('s3:GetObject', 'arn:aws:s3:::b00/runs/*')] }],
    [
      'lister',
      {
        arn: `${ARN}lister`,
        statements: [allow('s3:GetObject', 'arn:aws:s3:::b00/runs/*'), allow('s3:ListBucket', 'arn:aws:s3:::b00')],
      },
    ],
    ['writer', { arn: `${ARN}writer`, statements: [allow('s3:PutObject', 'arn:aws:s3:::b00/*')] }],
    ['keyed', { arn: `${ARN}keyed`, statements: [allow('s3:*', '*'), allow('kms:Decrypt', 'arn:aws:kms:::key')] }],
  ]),
  bucketPolicies: new Map([
    ['arn:aws:s3:::closed', [{ Effect: 'Deny', Action: 's3:*', Resource: '*', Principal: { AWS: '*' } }]],
  ]),
  bucketKeys: new Map([['arn:aws:s3:::k', 'arn:aws:kms:::key']]),
});

const dataDir = mkdtempSync(join(tmpdir(), 'arvoredo-iam-'));
let server: S3Server;
const clients: S3Client[] = [];
const as = (accessKeyId: string) => {
  const credentials = { accessKeyId, secretAccessKey: 'local' };
  const client = new S3Client({ endpoint: server.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  clients.push(client);
  return client;
};
before(async () => {
  server = await startS3Server({ dataDir, authorize });
  for (const Bucket of ['b00']) await as('owner').send(new CreateBucketCommand({ Bucket }));
});
after(async () => {
  for (const client of clients) client.destroy();
  await server.close();
  rmSync(dataDir, { recursive: true });
});

const denial = (role: string, action: string, resource: string) => ({
  name: 'AccessDenied',
  message: `User: arn:aws:sts::000000000000:assumed-role/${role}/local is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`,
});

test('a request names the action and the resource that its role lacks', () => {
  assert.equal(authorize('reader', 's3:GetObject', 'arn:aws:s3:::b00/runs/x'), undefined);
  assert.equal(
    authorize('reader', 's3:PutObject', 'arn:aws:s3:::b00/runs/x'),
    denial('reader', 's3:PutObject', 'arn:aws:s3:::b00/runs/x').message,
  );
});

test('whoever is no role owns the account', () => {
  assert.equal(authorize('local', 's3:DeleteBucket', 'arn:aws:s3:::b00'), undefined);
  assert.equal(authorize(undefined, 's3:DeleteBucket', 'arn:aws:s3:::b00'), undefined);
});

test('a bucket can deny what a role may, and its key must be allowed too', () => {
  assert.match(authorize('keyed', 's3:GetObject', 'arn:aws:s3:::closed/x')!, /with an explicit deny in a policy/);
  assert.equal(authorize('keyed', 's3:GetObject', 'arn:aws:s3:::k/x'), undefined);
  assert.match(
    authorize('keyed', 's3:PutObject', 'arn:aws:s3:::k/x')!,
    /kms:GenerateDataKey on resource: "arn:aws:kms:::key"/,
  );
});

test('the access key is found in a signature and in a presigned URL', () => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=role-of-x/20261124/us-east-1/s3/aws4_request, SignedHeaders=host';
  assert.equal(readAccessKey({ authorization }), 'role-of-x');
  assert.equal(readAccessKey({ 'x-amz-credential': 'role-of-y/20261124/us-east-1/s3/aws4_request' }), 'role-of-y');
  assert.equal(readAccessKey({}), undefined);
});

const Bucket = 'b00';
const refused: [what: string, send: (client: S3Client) => Promise<unknown>, action: string, resource: string][] = [
  ['PutObject', (client) => client.send(new PutObjectCommand({ Bucket, Key: 'k' })), 's3:PutObject', `${Bucket}/k`],
  [
    'DeleteObject',
    (client) => client.send(new DeleteObjectCommand({ Bucket, Key: 'k' })),
    's3:DeleteObject',
    `${Bucket}/k`,
  ],
  [
    'DeleteObjects',
    (client) => client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'k' }] } })),
    's3:DeleteObject',
    `${Bucket}/*`,
  ],
  ['ListObjectsV2', (client) => client.send(new ListObjectsV2Command({ Bucket })), 's3:ListBucket', Bucket],
  [
    'CreateMultipartUpload',
    (client) => client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' })),
    's3:PutObject',
    `${Bucket}/k`,
  ],
];
for (const [what, send, action, resource] of refused) {
  test(`${what} of a role without the right is refused over HTTP`, async () => {
    await assert.rejects(send(as('reader')), denial('reader', action, `arn:aws:s3:::${resource}`));
  });
}

test('a copy needs the right to read its source', async () => {
  const copy = new CopyObjectCommand({ Bucket, Key: 'to', CopySource: 'b00/secret%2Fx' });
  await assert.rejects(as('writer').send(copy), { name: 'AccessDenied' });
});

test('the list of buckets is of the account', async () => {
  await assert.rejects(as('writer').send(new ListBucketsCommand({})), denial('writer', 's3:ListAllMyBuckets', '*'));
});

test('an object that is missing is told only to those who may list', async () => {
  const missing = () => new GetObjectCommand({ Bucket, Key: 'runs/none' });
  await assert.rejects(as('lister').send(missing()), { name: 'NoSuchKey' });
  await assert.rejects(as('reader').send(missing()), denial('reader', 's3:ListBucket', 'arn:aws:s3:::b00'));
});
