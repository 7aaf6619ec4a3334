// What the emulator makes of templates: expressions, assemblies, and what is refused.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ArvoredoStackProps } from '../../../cdk/stack.ts';
import { FUNCTION_NAMES, FUNCTIONS } from '../../../functions/manifest.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { deploy } from '../../../local/template/deployment.ts';
import { Expressions, type Template } from '../../../local/template/expressions.ts';
import { fakeBundles, templateOf } from '../../cdk/synth.ts';

const PLACE = { region: 'us-east-1', accountId: '000000000000' };
const expressions = new Expressions(
  { Resources: { Bucket: { Type: 'AWS::S3::Bucket' } }, Parameters: { Version: { Default: '21' }, Bare: {} } },
  { ...PLACE, stackName: 'Grove' },
  (id) => ({ Ref: id.toLowerCase(), Arn: `arn:aws:s3:::${id.toLowerCase()}` }),
);

const EXPRESSIONS: [value: unknown, expected: unknown][] = [
  ['text', 'text'],
  [7, 7],
  [null, null],
  [{ Ref: 'Bucket' }, 'bucket'],
  [{ Ref: 'AWS::Region' }, 'us-east-1'],
  [{ Ref: 'Version' }, '21'],
  [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'arn:aws:s3:::bucket'],
  [{ 'Fn::Join': ['/', [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'runs', '*']] }, 'arn:aws:s3:::bucket/runs/*'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of CloudFormation's
  [{ 'Fn::Sub': '${AWS::StackName}-${Bucket.Arn}-${!Literal}' }, 'Grove-arn:aws:s3:::bucket-${!Literal}'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of CloudFormation's
  [{ 'Fn::Sub': ['${own}/${Bucket}', { own: { Ref: 'AWS::Partition' } }] }, 'aws/bucket'],
  [{ 'Fn::Select': [1, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Bucket', 'Arn'] }] }] }, 'aws'],
  [
    { a: [{ Ref: 'Bucket' }], b: { c: true } },
    { a: ['bucket'], b: { c: true } },
  ],
];
for (const [value, expected] of EXPRESSIONS) {
  test(`${JSON.stringify(value)} comes to ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(expressions.resolve(value), expected);
  });
}

test('what names nothing, and what is not known, is refused', () => {
  assert.throws(() => expressions.resolve({ Ref: 'Nobody' }), {
    name: 'InputError',
    message: 'the template refers to Ref of Nobody, which the emulator does not know',
  });
  assert.throws(() => expressions.resolve({ Ref: 'Bare' }), /refers to Ref of Bare/);
  assert.throws(() => expressions.resolve({ 'Fn::GetAtt': ['Bucket', 'Colour'] }), /refers to Colour of Bucket/);
  assert.throws(
    () => expressions.resolve({ 'Fn::ImportValue': 'x' }),
    /uses Fn::ImportValue, which the emulator does not/,
  );
  assert.throws(() => expressions.text({ Ref: ['Bucket'], other: 1 }), /where text is expected/);
});

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-template-'));
after(() => rmSync(folder, { recursive: true }));
const stack = (stackName: string) => ({
  type: 'aws:cloudformation:stack',
  properties: { templateFile: `${stackName}.template.json`, stackName },
});

/** A folder as `cdk synth` writes it, of one template under the names of several stacks. */
function writeAssembly(template: Template, ...names: string[]): void {
  const artifacts = Object.fromEntries(names.map((name) => [name, stack(name)]));
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ artifacts: { ...artifacts, Tree: { type: 'cdk:tree' } } }),
  );
  for (const name of names) {
    writeFileSync(join(folder, `${name}.template.json`), JSON.stringify(template));
    const files = { abc: { source: { path: 'asset.abc' } } };
    writeFileSync(join(folder, `${name}.assets.json`), JSON.stringify({ files }));
  }
}

test('the stack of an assembly is the only one, or the one that is named', () => {
  writeAssembly({ Resources: {} }, 'Grove');
  const { stackName, assetFolder } = readAssembly(folder);
  assert.equal(stackName, 'Grove');
  assert.equal(assetFolder('abc.zip'), join(folder, 'asset.abc'));
  assert.throws(() => assetFolder('xyz.zip'), /has no asset xyz.zip; run cdk synth again/);
  writeAssembly({ Resources: {} }, 'One', 'Two');
  assert.equal(readAssembly(folder, 'Two').stackName, 'Two');
  assert.throws(() => readAssembly(folder), { message: `${folder} has the stacks One, Two; no --stack says which` });
  assert.throws(() => readAssembly(folder, 'Six'), { message: `${folder} has the stacks One, Two; none is Six` });
  assert.throws(() => readAssembly('/nowhere'), /\/nowhere\/manifest.json cannot be read: .*; run: npm run synth/);
});

const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Description: 'arvoredo train',
    Code: { S3Key: 'abc.zip' },
    Handler: 'index.handler',
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    MemorySize: 2048,
    Timeout: 60,
    ReservedConcurrentExecutions: 7,
    EphemeralStorage: { Size: 1024 },
    Environment: { Variables: { BUCKET: { Ref: 'Bucket' } } },
  },
};
const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: { 'Fn::GetAtt': ['Bucket', 'Arn'] } };

test('a function is as the template has it, with the statements of all policies of its role', () => {
  const Policies = [{ PolicyDocument: { Statement: [{ ...statement, Action: 's3:PutObject' }] } }];
  writeAssembly(
    {
      Resources: {
        Train: FUNCTION,
        Other: { Type: 'AWS::Lambda::Function', Properties: { Description: 'empties the bucket' } },
        Role: { Type: 'AWS::IAM::Role', Properties: { Policies } },
        Policy: {
          Type: 'AWS::IAM::Policy',
          Properties: { Roles: [{ Ref: 'Role' }], PolicyDocument: { Statement: [statement] } },
        },
        Bucket: { Type: 'AWS::S3::Bucket' },
        Retry: {
          Type: 'AWS::Lambda::EventInvokeConfig',
          Properties: { FunctionName: { Ref: 'Train' }, MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 90 },
        },
      },
      Outputs: { BucketName: { Value: { Ref: 'Bucket' } } },
    },
    'Grove',
  );
  const { functions, buckets, outputs, roles } = deploy(readAssembly(folder), PLACE);
  const arn = 'arn:aws:iam::000000000000:role/Role';
  assert.deepEqual(functions, [
    {
      name: 'arvoredo-train',
      codeDir: join(folder, 'asset.abc'),
      handler: 'index.handler',
      memoryMiB: 2048,
      timeoutMs: 60_000,
      environment: { BUCKET: 'arvoredo' },
      role: { arn, accessKeyId: 'role-of-arvoredo-train' },
      durable: false,
      aliases: [],
      ephemeralStorageMiB: 1024,
      reservedConcurrency: 7,
      maxRetries: 1,
      maxEventAgeMs: 90_000,
    },
  ]);
  assert.deepEqual([buckets, outputs], [['arvoredo'], { BucketName: 'arvoredo' }]);
  assert.deepEqual(
    roles.get('role-of-arvoredo-train')!.statements.map(({ Action, Resource }) => `${Action} ${Resource}`),
    ['s3:GetObject arn:aws:s3:::arvoredo', 's3:PutObject arn:aws:s3:::arvoredo'],
  );
});

test('a stack without our functions is refused', () => {
  writeAssembly({ Resources: {} }, 'Grove');
  assert.throws(() => deploy(readAssembly(folder), PLACE), { message: 'stack Grove has no functions of arvoredo' });
});

const email = 'ops@example.org';
/** Each option, and those of a production stack together. */
const OPTIONS: Record<string, ArvoredoStackProps> = {
  'no option': {},
  dev: { environment: 'dev' },
  expireDataAfterDays: { expireDataAfterDays: 9 },
  dataBuckets: { dataBuckets: ['my-tables'] },
  accessLogs: { accessLogs: true },
  partitionsZone: { partitionsZone: 'use1-az4' },
  ownKey: { ownKey: true },
  privateNetwork: { privateNetwork: true },
  tracing: { tracing: true },
  metrics: { metrics: true },
  maxMemoryMiB: { maxMemoryMiB: 3008 },
  reservedConcurrency: { reservedConcurrency: { orchestrator: 2, workers: 3 } },
  jwt: { jwt: { issuer: 'https://login.example.org', audience: ['grove'] } },
  corsOrigins: { corsOrigins: ['https://grove.example.org'] },
  functionUrl: { functionUrl: true },
  alarms: { alarms: { email }, dashboard: true },
  budget: { budget: { monthlyUsd: 5, email }, costAnomalies: { email } },
  schedule: { schedule: { expression: 'rate(1 day)' } },
  uploads: { uploads: { params: { label: 'sold' } } },
  notifications: { notifications: { email } },
  'prod in a private network': { environment: 'prod', privateNetwork: true, partitionsZone: 'use1-az4' },
};
const bundleDir = fakeBundles();
for (const [name, props] of Object.entries(OPTIONS)) {
  test(`a template with ${name} can be run here, with all functions as it sizes them`, () => {
    const synthesised = templateOf({ bundleDir, ...props }).toJSON() as Template;
    const assembly = { stackName: 'Arvoredo', template: synthesised, assetFolder: () => bundleDir };
    const { functions, buckets, outputs } = deploy(assembly, PLACE);
    assert.deepEqual(
      functions.map(({ name: of, memoryMiB }) => [of, memoryMiB]).sort(),
      FUNCTION_NAMES.map((of) => [
        `arvoredo-${of}`,
        Math.min(FUNCTIONS[of].memoryMiB, props.maxMemoryMiB ?? Number.POSITIVE_INFINITY),
      ]).sort(),
    );
    assert.ok(buckets.includes(outputs.BucketName), `${buckets} must have the bucket of the outputs`);
  });
}
