import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { GRANTS } from '../../cdk/grants.ts';
import { ArvoredoStack, type ArvoredoStackProps } from '../../cdk/stack.ts';
import { ArvoredoStore } from '../../cdk/store.ts';
import { BUNDLE_NAMES, FUNCTION_NAMES, FUNCTIONS, type FunctionName, WORKER_NAMES } from '../../functions/manifest.ts';
import { ROUTES } from '../../functions/routes.ts';
import { InputError } from '../../lib/base/errors.ts';
import { fakeBundles, type Json, newApp } from './synth.ts';

const bundleDir = fakeBundles();
const newStack = (props: Partial<ArvoredoStackProps> = {}, app = newApp()) =>
  new ArvoredoStack(app, 'Arvoredo', { bundleDir, ...props });

const app = newApp();
const template = Template.fromStack(newStack({}, app));

const resources = (type: string): Record<string, Json> => template.findResources(type);

/** Logical id and properties of a function, found by its description. */
function findFunction(name: FunctionName): [string, Json] {
  const found = Object.entries(resources('AWS::Lambda::Function')).filter(
    ([, { Properties }]) => Properties.Description === `arvoredo ${name}`,
  );
  assert.equal(found.length, 1, name);
  const [id, { Properties }] = found[0];
  return [id, Properties];
}

const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const [bucketId] = Object.keys(resources('AWS::S3::Bucket'));
const [aliasId] = Object.keys(resources('AWS::Lambda::Alias'));
/** Logical id of the version that a function was deployed as. */
const versionOf = (name: FunctionName) =>
  Object.entries(resources('AWS::Lambda::Version')).find(
    ([, { Properties }]) => Properties.FunctionName.Ref === findFunction(name)[0],
  )?.[0];
const [queueId] = Object.keys(resources('AWS::SQS::Queue'));

test('the bucket is encrypted, private, kept with the stack, and expires runs after 30 days', () => {
  template.resourceCountIs('AWS::S3::Bucket', 1);
  template.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      LifecycleConfiguration: {
        Rules: [
          { Id: 'expire-runs', Prefix: 'runs/', ExpirationInDays: 30, Status: 'Enabled' },
          { Id: 'expire-predictions', Prefix: 'predictions/', ExpirationInDays: 30, Status: 'Enabled' },
          { Id: 'abort-uploads', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: 'Enabled' },
        ],
      },
    },
  });
});

test('the bucket refuses requests without TLS and below TLS 1.2', () => {
  const [policy] = Object.values(resources('AWS::S3::BucketPolicy'));
  const denials = policy!.Properties.PolicyDocument.Statement;
  assert.deepEqual(
    denials.map((statement: Json) => [statement.Effect, statement.Principal, statement.Action, statement.Condition]),
    [
      ['Deny', { AWS: '*' }, 's3:*', { Bool: { 'aws:SecureTransport': 'false' } }],
      ['Deny', { AWS: '*' }, 's3:*', { NumericLessThan: { 's3:TlsVersion': 1.2 } }],
    ],
  );
});

test('a bucket to be destroyed is emptied and deleted, with other days when asked', () => {
  const stack = new Stack(newApp(), 'Dev');
  new ArvoredoStore(stack, 'Store', { removal: 'destroy', expireAfterDays: 3, expireDataAfterDays: 90 });
  const dev = Template.fromStack(stack);
  dev.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
  dev.hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Delete',
    Properties: {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ Prefix: 'runs/', ExpirationInDays: 3 }),
          Match.objectLike({ Prefix: 'data/', ExpirationInDays: 90 }),
        ]),
      },
    },
  });
});

for (const name of FUNCTION_NAMES) {
  test(`${name} runs as the manifest says`, () => {
    const { memoryMiB, timeoutSeconds, durable } = FUNCTIONS[name];
    const properties = findFunction(name)[1];
    assert.equal(properties.Runtime, 'nodejs24.x');
    assert.deepEqual(properties.Architectures, ['arm64']);
    assert.equal(properties.Handler, 'index.handler');
    assert.equal(properties.MemorySize, memoryMiB);
    assert.equal(properties.Timeout, timeoutSeconds);
    assert.deepEqual(
      properties.DurableConfig,
      durable ? { ExecutionTimeout: 86_400, RetentionPeriodInDays: 14 } : undefined,
    );
    assert.equal(properties.FunctionName, undefined);
  });
}

test('functions learn the bucket, the workers and the orchestrator from their environment', () => {
  const BUCKET = { Ref: bucketId };
  for (const name of FUNCTION_NAMES) {
    const { Variables } = findFunction(name)[1].Environment;
    const workers = {
      GENERATE_FUNCTION: { Ref: versionOf('generate') },
      GENERATE_LARGE_FUNCTION: { Ref: versionOf('generateLarge') },
      SPLIT_FUNCTION: { Ref: versionOf('split') },
      TRAIN_FUNCTION: { Ref: versionOf('train') },
      TRAIN_LARGE_FUNCTION: { Ref: versionOf('trainLarge') },
      EVALUATE_FUNCTION: { Ref: versionOf('evaluate') },
    };
    const added: Partial<Record<FunctionName, object>> = {
      orchestrator: { ...workers, SLICES_FUNCTION: { Ref: versionOf('slices') } },
      slices: workers,
      api: { ORCHESTRATOR_ARN: { Ref: aliasId } },
      start: { ORCHESTRATOR_ARN: { Ref: aliasId } },
    };
    assert.deepEqual(Variables, { BUCKET, ...added[name] }, name);
  }
});

test('the alias live is the current version, without retries; old versions stay for runs in progress', () => {
  const [orchestratorId] = findFunction('orchestrator');
  template.hasResource('AWS::Lambda::Version', {
    DeletionPolicy: 'RetainExceptOnCreate',
    Properties: { FunctionName: { Ref: orchestratorId } },
  });
  const FunctionVersion = { 'Fn::GetAtt': [versionOf('orchestrator'), 'Version'] };
  template.hasResourceProperties('AWS::Lambda::Alias', {
    Name: 'live',
    FunctionName: { Ref: orchestratorId },
    FunctionVersion,
  });
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    FunctionName: { Ref: orchestratorId },
    Qualifier: Match.anyValue(),
    MaximumRetryAttempts: 0,
  });
});

test('logs are JSON in groups of their own and go after a month', () => {
  const groups = resources('AWS::Logs::LogGroup');
  assert.equal(Object.keys(groups).length, FUNCTION_NAMES.length + 1);
  for (const { Properties, DeletionPolicy } of Object.values(groups)) {
    assert.equal(Properties.RetentionInDays, 30);
    assert.equal(DeletionPolicy, 'Delete');
  }
  const used = FUNCTION_NAMES.map((name) => findFunction(name)[1].LoggingConfig);
  assert.ok(used.every(({ LogFormat, LogGroup }) => LogFormat === 'JSON' && LogGroup.Ref in groups));
  assert.equal(new Set(used.map(({ LogGroup }) => LogGroup.Ref)).size, FUNCTION_NAMES.length);
});

test('every route asks for IAM and is answered by its function in payload format 2.0', () => {
  const routes = Object.values(resources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => Properties);
  assert.deepEqual(routes.map(({ RouteKey }) => RouteKey).sort(), [...ROUTES].sort());
  const integrations = resources('AWS::ApiGatewayV2::Integration');
  for (const { RouteKey, AuthorizationType, Target } of routes) {
    assert.equal(AuthorizationType, 'AWS_IAM');
    const { IntegrationUri, PayloadFormatVersion } = integrations[Target['Fn::Join'][1][1].Ref].Properties;
    const name = RouteKey === 'POST /models/{id}/predict' ? 'predict' : 'api';
    assert.deepEqual([IntegrationUri, PayloadFormatVersion], [arnOf(findFunction(name)[0]), '2.0']);
  }
  assert.equal(Object.keys(integrations).length, 2);
  template.hasResourceProperties('AWS::ApiGatewayV2::Api', { CorsConfiguration: Match.absent() });
});

test('the API is throttled and writes an access log', () => {
  template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
    StageName: '$default',
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40 },
    AccessLogSettings: { DestinationArn: Match.anyValue(), Format: Match.stringLikeRegexp('requestId.*status') },
  });
  const [{ Properties }] = Object.values(resources('AWS::ApiGatewayV2::Stage')) as [Json];
  const fields = Object.values(JSON.parse(Properties.AccessLogSettings.Format));
  for (const who of ['identity.userArn', 'identity.sourceIp', 'authorizer.claims.sub'])
    assert.ok(fields.includes(`$context.${who}`), `the access log must tell who called: ${who}`);
});

/** Everything a role may do, as lines of `action resource`, with conditions where there are any. */
function rights(name: FunctionName): string[] {
  const roleId = findFunction(name)[1].Role['Fn::GetAtt'][0];
  const policies = Object.values(resources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles.some((role: { Ref: string }) => role.Ref === roleId),
  );
  return policies
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource, Condition, Effect }) => {
      assert.equal(Effect, 'Allow');
      const lines = [Action].flat().flatMap((action) => [Resource].flat().map((arn) => `${action} ${readable(arn)}`));
      return lines.map((line) => (Condition ? `${line} if ${JSON.stringify(Condition)}` : line));
    })
    .sort();
}

function readable(arn: Json): string {
  if (typeof arn === 'string') return arn;
  if (arn.Ref) return arn.Ref;
  if (arn['Fn::GetAtt']) return arn['Fn::GetAtt'][0];
  return arn['Fn::Join'][1].map(readable).join(arn['Fn::Join'][0]);
}

for (const name of FUNCTION_NAMES) {
  test(`${name} may do what its row of the table says, list runs and log, and nothing else`, () => {
    const { read, write, remove = [], invoke = [] } = GRANTS[name];
    const orchestratorId = findFunction('orchestrator')[0];
    const logGroupId = findFunction(name)[1].LoggingConfig.LogGroup.Ref;
    const expected = [
      `logs:CreateLogStream ${logGroupId}`,
      `logs:PutLogEvents ${logGroupId}`,
      ...(read.length > 0 ? [`s3:ListBucket ${bucketId}`] : []),
      ...read.map((key) => `s3:GetObject ${bucketId}/${key}`),
      ...write.map((key) => `s3:PutObject ${bucketId}/${key}`),
      ...remove.map((key) => `s3:DeleteObject ${bucketId}/${key}`),
      ...(FUNCTIONS[name].durable
        ? [
            `lambda:CheckpointDurableExecution ${findFunction(name)[0]}:*`,
            `lambda:GetDurableExecutionState ${findFunction(name)[0]}:*`,
          ]
        : []),
      ...(['orchestrator', 'start'].includes(name) ? [`sqs:SendMessage ${queueId}`] : []),
      ...invoke.flatMap((target) =>
        target === 'orchestrator'
          ? [
              `lambda:InvokeFunction ${aliasId}`,
              `lambda:GetDurableExecution ${orchestratorId}:*/durable-execution/*`,
              ...(name === 'api' ? [`lambda:StopDurableExecution ${orchestratorId}:*/durable-execution/*`] : []),
            ]
          : [`lambda:InvokeFunction ${findFunction(target)[0]}:*`],
      ),
    ];
    assert.deepEqual(rights(name), expected.sort());
  });
}

test('nobody may do all of a service, or touch objects outside of a folder or file of a run and the data', () => {
  for (const line of FUNCTION_NAMES.flatMap(rights)) {
    const [action, resource] = line.split(' ') as [string, string];
    assert.doesNotMatch(action, /\*/);
    assert.notEqual(resource, '*');
    // a user's files are read below data/, and nobody writes there
    const allowed =
      action === 's3:GetObject' ? /\/((runs|predictions)\/\*(\/|\.json$)|data\/\*$)/ : /\/(runs|predictions)\/\*\//;
    if (/Object$/.test(action)) assert.match(resource, allowed);
  }
});

test('only the orchestrator and its slices invoke workers; only api and start begin it', () => {
  const invokers = (target: string) => FUNCTION_NAMES.filter((name) => GRANTS[name].invoke?.some((n) => n === target));
  for (const worker of WORKER_NAMES) assert.deepEqual(invokers(worker), ['orchestrator', 'slices']);
  assert.deepEqual(invokers('slices'), ['orchestrator']);
  assert.deepEqual(invokers('orchestrator'), ['api', 'start']);
  assert.deepEqual([...invokers('api'), ...invokers('start'), ...invokers('predict')], []);
});

test("no role has a policy of AWS's, which would be for the whole account", () => {
  for (const { Properties } of Object.values(resources('AWS::IAM::Role'))) {
    assert.equal(Properties.ManagedPolicyArns, undefined);
  }
});

test('the outputs have the names that scripts rest on', () => {
  const outputs = Object.entries(template.findOutputs('*')).map(([name, { Value }]) => [name, Value]);
  const { ApiUrl, ...rest } = Object.fromEntries(outputs);
  assert.match(readable(ApiUrl), /^https:\/\/.*\/$/);
  assert.deepEqual(rest, {
    BucketName: { Ref: bucketId },
    OrchestratorArn: { Ref: aliasId },
    FailuresUrl: { Ref: queueId },
    GenerateFunction: { Ref: findFunction('generate')[0] },
    SlicesFunction: { Ref: findFunction('slices')[0] },
    StartFunction: { Ref: findFunction('start')[0] },
    SplitFunction: { Ref: findFunction('split')[0] },
    TrainFunction: { Ref: findFunction('train')[0] },
    GenerateLargeFunction: { Ref: findFunction('generateLarge')[0] },
    TrainLargeFunction: { Ref: findFunction('trainLarge')[0] },
    EvaluateFunction: { Ref: findFunction('evaluate')[0] },
    ApiFunction: { Ref: findFunction('api')[0] },
    PredictFunction: { Ref: findFunction('predict')[0] },
  });
});

test('the packaged code is the bundle, byte for byte', () => {
  const assembly = app.synth();
  const assets = Object.values(
    JSON.parse(readFileSync(join(assembly.directory, 'Arvoredo.assets.json'), 'utf8')).files,
  );
  const packaged = assets
    .map(({ source }: Json) => source)
    .filter(({ packaging }) => packaging === 'zip')
    .map(({ path }) => readFileSync(join(assembly.directory, path, 'index.mjs'), 'utf8'));
  assert.deepEqual(
    packaged.sort(),
    BUNDLE_NAMES.map((name) => readFileSync(join(bundleDir, name, 'index.mjs'), 'utf8')).sort(),
  );
});

test('the same bundles in another folder are the same assets, and other bundles are not', () => {
  const keysOf = (dir: string) =>
    Object.values(Template.fromStack(newStack({ bundleDir: dir })).findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => Properties.Code.S3Key)
      .sort();
  assert.deepEqual(keysOf(fakeBundles()), keysOf(bundleDir));
  assert.notDeepEqual(keysOf(fakeBundles((name) => `// ${name}`)), keysOf(bundleDir));
});

test('a missing bundle is named together with the command that makes it', () => {
  assert.throws(() => newStack({ bundleDir: '/nowhere' }), {
    name: 'InputError',
    message:
      'no index.mjs for orchestrator, generate, split, train, evaluate, api, start, predict under /nowhere; run: npm run build',
  });
});

test('wrong values are refused', () => {
  assert.throws(
    () => newStack({ removal: 'maybe' as 'retain' }),
    /^InputError: removal must be retain or destroy, got "maybe"/,
  );
  assert.throws(() => newStack({ expireAfterDays: 0 }), InputError);
  assert.throws(() => newStack({ expireDataAfterDays: 1.5 }), /expireDataAfterDays must be an integer ≥ 1/);
});
