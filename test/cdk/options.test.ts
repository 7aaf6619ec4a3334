// The options of a deployment, and the environments made of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { optionsOfContext } from '../../cdk/context.ts';
import { ENVIRONMENTS, resolveStackOptions } from '../../cdk/options.ts';
import { FUNCTION_NAMES, FUNCTIONS, WORKER_NAMES } from '../../functions/manifest.ts';
import { ROUTES } from '../../functions/routes.ts';
import { fakeBundles, type Json, propertiesOf, templateOf } from './synth.ts';

const bundleDir = fakeBundles();
const email = 'ops@example.org';

/** Every resource that costs by the hour or month, whether or not anything runs. */
const COSTLY = [
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::KMS::Key',
  'AWS::EC2::VPCEndpoint',
  'AWS::EC2::NatGateway',
];

test('dev costs nothing while it is idle, and its data is deleted with the stack', () => {
  const template = templateOf({ bundleDir, environment: 'dev' });
  for (const type of COSTLY) template.resourceCountIs(type, 0);
  template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  template.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
});

test('prod keeps its data, logs access to it, traces, and has alarms and a dashboard', () => {
  const template = templateOf({ bundleDir, environment: 'prod' });
  template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'RetainExceptOnCreate' });
  template.resourceCountIs('AWS::S3::Bucket', 2);
  template.hasResourceProperties('AWS::S3::Bucket', {
    LoggingConfiguration: { DestinationBucketName: Match.anyValue() },
  });
  template.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'Active' } });
  template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
});

test('an option overrides its environment; an unknown environment is rejected', () => {
  assert.equal(resolveStackOptions('dev', { removal: 'retain' }).removal, 'retain');
  assert.equal(resolveStackOptions('dev', { removal: undefined }).removal, 'destroy');
  assert.deepEqual(resolveStackOptions(undefined, { tracing: true }), { tracing: true });
  assert.throws(() => resolveStackOptions('toString', {}), {
    name: 'InputError',
    message: `environment must be ${Object.keys(ENVIRONMENTS).join(' or ')}, got toString`,
  });
});

test('options are text on the command line and JSON values in cdk.json', () => {
  const context: Record<string, unknown> = { env: 'dev', removal: 'retain', expireAfterDays: '3', alarms: { email } };
  const { environment, removal, expireAfterDays, alarms, budget } = optionsOfContext((key) => context[key]);
  assert.deepEqual([environment, removal, expireAfterDays, alarms, budget], ['dev', 'retain', 3, { email }, undefined]);
  assert.throws(() => optionsOfContext((key) => (key === 'alarms' ? '{email' : undefined)), {
    message: '-c alarms must be JSON, such as true or {"email":"ops@example.org"}, got {email',
  });
});

const WRONG: [name: string, given: string, wanted: RegExp][] = [
  ['alarms', '"ops@example.org"', /must be true, false or \{"email":"ops@example.org"\}, got "ops@example.org"/],
  ['notifications', '{"mail":"ops@example.org"}', /must be true, false or /],
  ['ownKey', '0', /must be true or false, got 0/],
  ['tracing', '"false"', /must be true or false, got "false"/],
  ['logRetention', '10', /must be one of 1, 3, 5, 7, .* days, got 10/],
  ['expireAfterDays', '"7"', /must be a number, got "7"/],
  ['dataBuckets', '"my-tables"', /must be a list, as in .*, got "my-tables"/],
  ['reservedConcurrency', '{"worker":5}', /must be an object of orchestrator, workers, got \{"worker":5\}/],
  ['budget', 'null', /must be an object of monthlyUsd, email, got null/],
];
for (const [name, given, wanted] of WRONG) {
  test(`-c ${name}=${given} is rejected`, () => {
    assert.throws(
      () => optionsOfContext((key) => (key === name ? given : undefined)),
      (error: Error) =>
        error.name === 'InputError' && error.message.startsWith(`-c ${name}`) && wanted.test(error.message),
    );
  });
}

test('maxMemoryMiB limits the memory of each function and is passed to the orchestrator', () => {
  const memories = (maxMemoryMiB?: number) =>
    propertiesOf(templateOf({ bundleDir, maxMemoryMiB }), 'AWS::Lambda::Function').map(
      ({ Description, MemorySize, Environment }) => [Description, MemorySize, Environment.Variables.MAX_MEMORY_MIB],
    );
  const expected = (most?: number) =>
    FUNCTION_NAMES.map((name) => {
      const { memoryMiB, durable } = FUNCTIONS[name];
      return [`arvoredo ${name}`, Math.min(memoryMiB, most ?? memoryMiB), durable && most ? String(most) : undefined];
    });
  assert.deepEqual(memories(3008).sort(), expected(3008).sort());
  assert.deepEqual(memories().sort(), expected().sort());
  assert.throws(() => memories(1024), {
    name: 'InputError',
    message: 'maxMemoryMiB must be an integer from 1769 to 10240, got 1024',
  });
});

test('every resource that can have tags is tagged with its stack and environment', () => {
  const template = templateOf({ bundleDir, environment: 'dev' });
  for (const type of ['AWS::Lambda::Function', 'AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup']) {
    const untagged = propertiesOf(template, type).filter(
      ({ Tags, Description = '' }) =>
        typeof Description === 'string' && // not those of the CDK
        !['arvoredo:stack Arvoredo', 'arvoredo:environment dev'].every((wanted) =>
          Tags?.some(({ Key, Value }: Json) => wanted === `${Key} ${Value}`),
        ),
    );
    assert.deepEqual(untagged, [], type);
  }
});

test('no resource has a fixed name, which a second stack in the account would need too', () => {
  const { Resources } = templateOf({ bundleDir, environment: 'prod', notifications: true }).toJSON();
  const NAMES =
    /^(FunctionName|BucketName|RoleName|QueueName|TopicName|LogGroupName|AlarmName|DashboardName|PolicyName)$/;
  const named = Object.values(Resources as Record<string, Json>)
    // an inline policy's name is of its role; these types point at a function by its name
    .filter(({ Type }) => !['AWS::IAM::Policy', 'AWS::Lambda::Permission'].includes(Type))
    .flatMap(({ Properties }) => Object.entries(Properties ?? {}))
    .filter(([name, value]) => NAMES.test(name) && typeof value === 'string');
  assert.deepEqual(named, []);
});

test('concurrency can be reserved for the orchestrator and each worker, and is not by default', () => {
  const reserved = (template: ReturnType<typeof templateOf>) =>
    Object.fromEntries(
      propertiesOf(template, 'AWS::Lambda::Function').map(({ Description, ReservedConcurrentExecutions }) => [
        Description,
        ReservedConcurrentExecutions,
      ]),
    );
  const some = reserved(templateOf({ bundleDir, reservedConcurrency: { orchestrator: 5, workers: 20 } }));
  for (const name of FUNCTION_NAMES) {
    const isWorker = (WORKER_NAMES as readonly string[]).includes(name);
    assert.equal(some[`arvoredo ${name}`], FUNCTIONS[name].durable ? 5 : isWorker ? 20 : undefined, name);
  }
  assert.ok(Object.values(reserved(templateOf({ bundleDir }))).every((places) => places === undefined));
  assert.throws(() => templateOf({ bundleDir, reservedConcurrency: { workers: 0 } }), {
    message: 'reservedConcurrency.workers must be an integer ≥ 1, got 0',
  });
});

test('with ownKey, objects are encrypted with a key that rotates and that readers and writers may use', () => {
  const template = templateOf({ bundleDir, ownKey: true });
  const [keyId] = Object.keys(template.findResources('AWS::KMS::Key'));
  const keyArn = { 'Fn::GetAtt': [keyId, 'Arn'] };
  template.hasResource('AWS::KMS::Key', {
    DeletionPolicy: 'RetainExceptOnCreate',
    Properties: { EnableKeyRotation: true },
  });
  template.hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
        },
      ],
    },
  });
  const ofKey = propertiesOf(template, 'AWS::IAM::Policy').flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.filter(({ Resource }: Json) => JSON.stringify(Resource) === JSON.stringify(keyArn)),
  );
  const users = (action: string) => ofKey.filter(({ Action }) => [Action].flat().includes(action)).length;
  assert.equal(users('kms:Decrypt'), FUNCTION_NAMES.length - 1); // slices see no objects
  assert.equal(users('kms:GenerateDataKey'), FUNCTION_NAMES.length - 2); // predict writes none
});

test('a private network reaches S3 and Lambda only, and the code may not change the network', () => {
  const template = templateOf({ bundleDir, privateNetwork: true, logRetention: 7 });
  template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
  for (const type of ['AWS::EC2::NatGateway', 'AWS::EC2::InternetGateway']) template.resourceCountIs(type, 0);
  const endpoints = propertiesOf(template, 'AWS::EC2::VPCEndpoint').map(({ VpcEndpointType, ServiceName }) => [
    VpcEndpointType,
    JSON.stringify(ServiceName).match(/\.(s3|lambda)"/)?.[1],
  ]);
  assert.deepEqual(endpoints.sort(), [
    ['Gateway', 's3'],
    ['Interface', 'lambda'],
  ]);
  const ours = propertiesOf(template, 'AWS::Lambda::Function').filter(({ Description }) =>
    Description?.startsWith('arvoredo '),
  );
  assert.ok(ours.every(({ VpcConfig }) => VpcConfig.SubnetIds.length === 2));
  const statements = propertiesOf(template, 'AWS::IAM::Policy').flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );
  const ofNetwork = statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith('ec2:')));
  assert.equal(ofNetwork.filter(({ Effect }) => Effect === 'Allow').length, FUNCTION_NAMES.length);
  for (const { Effect, Condition } of ofNetwork) {
    const expected = Effect === 'Deny' ? { Null: { 'lambda:SourceFunctionArn': 'false' } } : undefined;
    assert.deepEqual(Condition, expected);
  }
  for (const { SecurityGroupIngress = [] } of propertiesOf(template, 'AWS::EC2::SecurityGroup'))
    assert.deepEqual(SecurityGroupIngress, []);
});

test('with a token issuer, every route requires its tokens', () => {
  const jwt = { issuer: 'https://login.example.org', audience: ['grove'] };
  const template = templateOf({ bundleDir, jwt });
  const routes = propertiesOf(template, 'AWS::ApiGatewayV2::Route');
  assert.equal(routes.length, ROUTES.length);
  for (const { AuthorizationType, AuthorizerId } of routes) {
    assert.equal(AuthorizationType, 'JWT');
    assert.ok(AuthorizerId);
  }
  template.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
    JwtConfiguration: { Issuer: jwt.issuer, Audience: jwt.audience },
  });
  assert.throws(
    () => templateOf({ bundleDir, jwt: { issuer: 'http://x', audience: ['a'] } }),
    /must have an https issuer/,
  );
  assert.throws(() => templateOf({ bundleDir, jwt: { ...jwt, audience: [] } }), /at least one audience/);
});

test('pages of the given origins may call the API; an origin cannot be a wildcard', () => {
  const template = templateOf({ bundleDir, corsOrigins: ['https://grove.example.org'] });
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', {
    CorsConfiguration: {
      AllowOrigins: ['https://grove.example.org'],
      AllowCredentials: Match.absent(),
      // those that the signature of a request brings, of temporary credentials too
      AllowHeaders: Match.arrayWith(['authorization', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token']),
    },
  });
  const jwt = { issuer: 'https://login.example.org', audience: ['grove'] };
  templateOf({ bundleDir, jwt, corsOrigins: ['https://grove.example.org'] }).hasResourceProperties(
    'AWS::ApiGatewayV2::Api',
    { CorsConfiguration: { AllowHeaders: ['content-type', 'idempotency-key', 'authorization'] } },
  );
  assert.throws(() => templateOf({ bundleDir, corsOrigins: ['*'] }), /without \* or a path, got \*/);
});

test('functionUrl gives the API function its own address, for signed requests only', () => {
  const template = templateOf({ bundleDir, functionUrl: true });
  template.resourceCountIs('AWS::Lambda::Url', 1);
  template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM', Cors: Match.absent() });
  template.hasOutput('FunctionUrl', {});
});

test('new code of a worker makes a new version of the orchestrator, so no run mixes two versions', () => {
  const versionsOf = (template: ReturnType<typeof templateOf>) =>
    Object.keys(template.findResources('AWS::Lambda::Version')).sort();
  const before = versionsOf(templateOf({ bundleDir }));
  const other = versionsOf(
    templateOf({
      bundleDir: fakeBundles((name) =>
        name === 'train' ? '// other' : `export const handler = async () => '${name}';`,
      ),
    }),
  );
  const changed = other
    .filter((id) => !before.includes(id))
    .map((id) => /^Engine([A-Za-z]+)CurrentVersion/.exec(id)?.[1]);
  assert.deepEqual(changed.sort(), ['Orchestrator', 'Slices', 'Train', 'TrainLarge']);
});
