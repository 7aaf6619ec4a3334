// Partitions of rows in a directory bucket (S3 Express One Zone): who may open which session, and whole runs with it.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { ArvoredoStack } from '../../cdk/stack.ts';
import { withPartitions } from '../../lib/aws/partition-store.ts';
import { s3Store } from '../../lib/aws/s3-store.ts';
import type { ExecutionState } from '../../lib/fanout/orchestrator.ts';
import { parseRunParams } from '../../lib/plan/params.ts';
import { getReport, startRun } from '../../lib/run/run.ts';
import { localTarget } from '../../local/backend/local-target.ts';
import { startEmulator } from '../../local/emulator/emulator.ts';
import { type Emulator, LOCAL_CREDENTIALS, LOCAL_REGION } from '../../local/emulator/options.ts';
import { runInMemory } from '../helpers.ts';
import { finish } from '../local/command.ts';
import { until } from '../until.ts';
import { fakeBundles, type Json, newApp, propertiesOf, templateOf } from './synth.ts';

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-partitions-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const outdir = join(folder, 'cdk.out');
const job = { samples: 600, chunkSize: 100, features: 5, trees: 6, workers: 2, validationSize: 0.1 };
const ZONE = 'use1-az4';

const app = newApp(outdir);
const stack = new ArvoredoStack(app, 'Zoned', { bundleDir: resolve('dist/functions'), partitionsZone: ZONE });
const original = app.synth().getStackByName('Zoned').template;
const template = Template.fromStack(stack);
const bundleDir = fakeBundles();

/** Sessions that each role may ask for, by the condition on them. */
function sessions(): Record<string, Json> {
  const asked = propertiesOf(template, 'AWS::IAM::Policy').flatMap(({ Roles, PolicyDocument }) =>
    PolicyDocument.Statement.filter(({ Action }: Json) =>
      [Action].flat().some((action) => /^s3express:/.test(action)),
    ).map(({ Action, Resource, Condition = 'any' }: Json) => [
      Roles[0].Ref.replace(/^Engine|Role[0-9A-F]+$/g, ''),
      { Action, Resource, Condition },
    ]),
  );
  return Object.fromEntries(asked);
}

test('who makes partitions may write, who reads them may not, and nobody else has a session', () => {
  const [bucketId] = Object.keys(template.findResources('AWS::S3Express::DirectoryBucket'));
  const Resource = { 'Fn::GetAtt': [bucketId, 'Arn'] };
  const write = { Action: 's3express:CreateSession', Resource, Condition: 'any' };
  const read = { ...write, Condition: { StringEquals: { 's3express:SessionMode': 'ReadOnly' } } };
  assert.deepEqual(sessions(), {
    Generate: write,
    GenerateLarge: write,
    Split: write,
    Train: read,
    TrainLarge: read,
    Evaluate: read,
  });
});

test('the directory bucket is in its zone, expires runs, takes TLS only, and stays', () => {
  template.hasResource('AWS::S3Express::DirectoryBucket', {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      LocationName: ZONE,
      DataRedundancy: 'SingleAvailabilityZone',
      LifecycleConfiguration: { Rules: [{ Prefix: 'runs/', ExpirationInDays: 30, Status: 'Enabled' }] },
    },
  });
  const [{ PolicyDocument }] = propertiesOf(template, 'AWS::S3Express::BucketPolicy');
  assert.deepEqual(
    PolicyDocument.Statement.map(({ Effect, Action, Condition }: Json) => [Effect, Action, Condition]),
    [['Deny', 's3express:*', { Bool: { 'aws:SecureTransport': 'false' } }]],
  );
  template.hasOutput('PartitionsBucketName', {});
});

test('a zone that is none is refused, and a key that would not be used; a private network has a way there', () => {
  assert.throws(() => templateOf({ bundleDir, partitionsZone: 'us-east-1a' }), {
    name: 'InputError',
    message: 'partitionsZone must be the id of a zone, as in use1-az4, got us-east-1a',
  });
  assert.throws(() => templateOf({ bundleDir, partitionsZone: ZONE, ownKey: true }), /must be without a key/);
  const services = (zone?: string) =>
    propertiesOf(templateOf({ bundleDir, privateNetwork: true, partitionsZone: zone }), 'AWS::EC2::VPCEndpoint')
      .map(({ ServiceName }) => JSON.stringify(ServiceName).match(/\.(\w+)"/)?.[1])
      .sort();
  assert.deepEqual(services(ZONE), ['lambda', 's3', 's3express']);
  assert.deepEqual(services(), ['lambda', 's3']);
});

/** The emulator with the template, after a change to the statements of its roles. */
async function start(name: string, change: (statement: Json, role: string) => void = () => {}): Promise<Emulator> {
  const changed = structuredClone(original);
  for (const { Type, Properties } of Object.values(changed.Resources as Record<string, Json>))
    if (Type === 'AWS::IAM::Policy')
      for (const statement of Properties.PolicyDocument.Statement) change(statement, Properties.Roles[0].Ref);
  const file = join(outdir, 'Zoned.template.json');
  const before = readFileSync(file);
  writeFileSync(file, JSON.stringify(changed));
  try {
    return await startEmulator({
      dataDir: join(folder, name),
      workers: 2,
      distDir: resolve('dist'),
      template: { folder: outdir },
    });
  } finally {
    writeFileSync(file, before);
  }
}

async function run(emulator: Emulator): Promise<ExecutionState> {
  const { store, orchestrator } = localTarget(emulator);
  const { execution } = await startRun({ store, orchestrator }, 'r', parseRunParams(job));
  return until('the execution to end', async () => {
    const state = await orchestrator.state(execution!);
    return state.state !== 'running' && state;
  });
}

test('a run gives the same bytes, keeps its partitions in the zone only, and clean removes them', async (t) => {
  const emulator = await start('whole');
  t.after(() => emulator.close());
  const ended = await run(emulator);
  assert.equal(ended.state, 'succeeded', ended.message);
  const { store } = localTarget(emulator);
  const report = await getReport(store, 'r');
  assert.equal(report.model.sha256, (await runInMemory(job)).result.sha256);
  assert.deepEqual([report.tasks.attempts, report.tasks.retried], [report.tasks.total, 0]);

  const access = { endpoint: emulator.s3, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  const [bucketId] = Object.keys(template.findResources('AWS::S3Express::DirectoryBucket'));
  const inZone = s3Store(`${bucketId.toLowerCase()}--${ZONE}--x-s3`, access);
  const isPartition = (key: string) => /\/(dataset|train|test|validation)\/.*\.arrow$/.test(key);
  assert.deepEqual((await store.list('runs/r/')).filter(isPartition), []);
  const partitions = await inZone.list('runs/r/');
  assert.ok(partitions.every(isPartition), partitions.join());
  for (const folderName of ['dataset', 'train', 'test', 'validation'])
    assert.ok(
      partitions.some((key) => key.startsWith(`runs/r/${folderName}/`)),
      `no partitions in ${folderName}: ${partitions.join()}`,
    );
  const both = await withPartitions(s3Store(emulator.bucket, access), inZone).list('runs/r/');
  assert.deepEqual(both, [...both].sort(), 'a directory bucket lists in no order, a store in that of bytes');

  const env = {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: emulator.s3,
    AWS_ENDPOINT_URL_LAMBDA: emulator.lambda,
    AWS_ENDPOINT_URL_CLOUDFORMATION: emulator.cloudFormation,
  };
  const { code, stderr } = await finish(t, ['clean', 'r', '--on', 'aws', '--stack', 'Zoned'], env);
  assert.equal(code, 0, stderr);
  assert.deepEqual([await store.list('runs/'), await inZone.list('')], [[], []]);
});

const isOfSession = ({ Action }: Json) => Action === 's3express:CreateSession';
const MISTAKES: [what: string, change: (statement: Json, role: string) => void, message: RegExp][] = [
  [
    'a role that may open no session',
    (statement, role) => {
      if (isOfSession(statement) && /^EngineTrain/.test(role)) statement.Effect = 'Deny';
    },
    /s3:GetObject of runs\/r\/train\/part-\d+\.arrow in directory bucket \S+--use1-az4--x-s3 was denied .*allow whoever runs this s3express:CreateSession/,
  ],
  [
    'a role that may only read',
    (statement, role) => {
      if (isOfSession(statement) && /^EngineSplit/.test(role))
        statement.Condition = { StringEquals: { 's3express:SessionMode': 'ReadOnly' } };
    },
    /s3:PutObject of runs\/r\/\w+\/part-\d+\.arrow in directory bucket .*requires a ReadWrite session; this one is ReadOnly/,
  ],
];
for (const [i, [what, change, message]] of MISTAKES.entries()) {
  test(`${what} fails the run, which says what is missing`, async (t) => {
    const emulator = await start(`mistake-${i}`, change);
    t.after(() => emulator.close());
    const ended = await run(emulator);
    assert.equal(ended.state, 'failed');
    assert.match(ended.message!, message);
  });
}
