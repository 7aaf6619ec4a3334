// Each option of a deployment, and the environments made of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { optionsOfContext } from '../../cdk/context.ts';
import { ENVIRONMENTS, optionsOf } from '../../cdk/options.ts';
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

test('dev costs nothing while it is idle, and its data goes with the stack', () => {
  const template = templateOf({ bundleDir, environment: 'dev' });
  for (const type of COSTLY) template.resourceCountIs(type, 0);
  template.allResources('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
  template.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
  template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
});

test('prod keeps its data, notes who asked for it, traces, and has alarms and a dashboard', () => {
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

test('an option stands above its environment, and an environment that is none is refused', () => {
  assert.equal(optionsOf('dev', { removal: 'retain' }).removal, 'retain');
  assert.equal(optionsOf('dev', { removal: undefined }).removal, 'destroy');
  assert.deepEqual(optionsOf(undefined, { tracing: true }), { tracing: true });
  assert.throws(() => optionsOf('toString', {}), {
    name: 'InputError',
    message: `environment must be ${Object.keys(ENVIRONMENTS).join(' or ')}, got toString`,
  });
});

test('options come from the command line as text, and from cdk.json as they are', () => {
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
  test(`-c ${name}=${given} is refused, as it would be passed over or fail during the deployment`, () => {
    assert.throws(
      () => optionsOfContext((key) => (key === name ? given : undefined)),
      (error: Error) =>
        error.name === 'InputError' && error.message.startsWith(`-c ${name}`) && wanted.test(error.message),
    );
  });
}

test('no function has more memory than is allowed, which its orchestrator is told, and others keep their own', () => {
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

test('everything that can bear a tag tells its stack and environment', () => {
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

test('nothing has a name that a second stack of the account would want too', () => {
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

test('places can be set aside for the orchestrator and for each worker, and are not by default', () => {
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

test('alarms tell a topic, which only CloudWatch may write to over TLS; the free ten metrics are passed by this many', () => {
  const template = templateOf({ bundleDir, alarms: { email } });
  const alarms = propertiesOf(template, 'AWS::CloudWatch::Alarm');
  const [topicId] = Object.keys(template.findResources('AWS::SNS::Topic'));
  for (const { AlarmActions, OKActions, TreatMissingData } of alarms) {
    assert.deepEqual([AlarmActions, OKActions], [[{ Ref: topicId }], [{ Ref: topicId }]]);
    assert.equal(TreatMissingData, 'notBreaching');
  }
  template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: email });
  const [policy] = propertiesOf(template, 'AWS::SNS::TopicPolicy');
  const statements = policy.PolicyDocument.Statement;
  assert.deepEqual(
    statements.map(({ Effect, Principal, Condition }: Json) => [Effect, Principal, Object.keys(Condition)]),
    [
      ['Deny', '*', ['Bool']],
      ['Allow', { Service: 'cloudwatch.amazonaws.com' }, ['StringEquals']],
    ],
  );
  // what docs/aws.md says they cost
  const metrics = alarms.flatMap(({ Metrics }) => Metrics?.filter(({ MetricStat }: Json) => MetricStat) ?? [1]);
  assert.equal(metrics.length, 3 + WORKER_NAMES.length + 2 * FUNCTION_NAMES.length + 1 + 1);
});

test('no alarm is beyond what CloudWatch takes, and each sum has a value though only one of its functions ran', () => {
  for (const { Metrics = [] } of propertiesOf(templateOf({ bundleDir, alarms: true }), 'AWS::CloudWatch::Alarm')) {
    const ids = Metrics.filter(({ MetricStat }: Json) => MetricStat).map(({ Id }: Json) => Id);
    assert.ok(ids.length <= 10, 'an alarm refers to ten metrics at most');
    const { Expression = '' } = Metrics.find(({ Expression }: Json) => Expression) ?? {};
    assert.deepEqual(Expression.match(/[a-z]\w*/g) ?? [], ids);
    assert.deepEqual(
      Expression.match(/FILL\([a-z]\w*,0\)/g) ?? [],
      ids.map((id: string) => `FILL(${id},0)`),
    );
    if (Expression) assert.match(Expression, /^(100\*MAX|SUM)\(\[/);
  }
});

test('the alarm before a timeout knows the limit of each function', () => {
  const metrics = propertiesOf(templateOf({ bundleDir, alarms: true }), 'AWS::CloudWatch::Alarm').flatMap(
    ({ Metrics }) => Metrics ?? [],
  );
  const found = metrics.filter(({ Label }) => Label === '% of the time limit').map(({ Expression }) => Expression);
  for (const name of FUNCTION_NAMES) {
    const share = `FILL(${name.toLowerCase()},0)/${FUNCTIONS[name].timeoutSeconds * 1000}`;
    assert.equal(found.filter((expression) => expression.includes(share)).length, 1, name);
  }
});

test('with a key of its own, objects are encrypted with it, who reads or writes may use it, and it turns', () => {
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

test('in a private network there is no way out but to S3 and Lambda, and the code itself may not touch the network', () => {
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

test('with an issuer, every route asks for its tokens', () => {
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

test('pages may call from the origins that are named, and none can be a wildcard', () => {
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

test('the API function has an address of its own when asked, for signed requests only', () => {
  const template = templateOf({ bundleDir, functionUrl: true });
  template.resourceCountIs('AWS::Lambda::Url', 1);
  template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM', Cors: Match.absent() });
  template.hasOutput('FunctionUrl', {});
});

test('a budget counts what bears the tag of the stack', () => {
  const template = templateOf({ bundleDir, budget: { monthlyUsd: 20, email }, stackName: 'Grove' });
  template.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: {
      BudgetLimit: { Amount: 20, Unit: 'USD' },
      CostFilters: { TagKeyValue: ['user:arvoredo:stack$Grove'] },
    },
  });
  assert.throws(() => templateOf({ bundleDir, budget: { monthlyUsd: 0, email } }), /above 0, got 0/);
});

test('costs that are not as usual are looked for among what bears the tag of the stack', () => {
  const template = templateOf({ bundleDir, costAnomalies: { email, aboveUsd: 7 }, stackName: 'Grove' });
  const [{ MonitorSpecification }] = propertiesOf(template, 'AWS::CE::AnomalyMonitor');
  assert.deepEqual(JSON.parse(MonitorSpecification), { Tags: { Key: 'arvoredo:stack', Values: ['Grove'] } });
  const [{ Subscribers, ThresholdExpression }] = propertiesOf(template, 'AWS::CE::AnomalySubscription');
  assert.deepEqual(Subscribers, [{ Type: 'EMAIL', Address: email }]);
  assert.deepEqual(JSON.parse(ThresholdExpression).Dimensions.Values, ['7']);
  assert.throws(() => templateOf({ bundleDir, costAnomalies: { email, aboveUsd: 0 } }), /above 0, got 0/);
  assert.throws(() => templateOf({ bundleDir, costAnomalies: { email: 'ops' } }), /must be an address, got ops/);
});

test('metrics of each stage are written by its functions when asked for, under the name of the stack', () => {
  const metricsOf = (template: ReturnType<typeof templateOf>) =>
    propertiesOf(template, 'AWS::Lambda::Function')
      .filter(({ Environment }) => Environment?.Variables.METRICS !== undefined)
      .map(({ Description, Environment }) => [Description, Environment.Variables.METRICS])
      .sort();
  assert.deepEqual(
    metricsOf(templateOf({ bundleDir, metrics: true, stackName: 'Grove' })),
    WORKER_NAMES.map((name) => [`arvoredo ${name}`, `Grove/${name.replace('Large', '')}`]).sort(),
  );
  assert.deepEqual(metricsOf(templateOf({ bundleDir })), []);
  const onPage = (metrics: boolean) =>
    JSON.stringify(propertiesOf(templateOf({ bundleDir, metrics, dashboard: true }), 'AWS::CloudWatch::Dashboard'));
  assert.match(onPage(true), /arvoredo\\*",\\*"gbSeconds/);
  assert.doesNotMatch(onPage(false), /gbSeconds/);
});

test('a schedule asks for a run, with its time as the token, and a run that could not be is refused', () => {
  const params = { samples: 5000, trees: 5 };
  const template = templateOf({ bundleDir, schedule: { expression: 'cron(0 3 * * ? *)', params } });
  const [{ ScheduleExpression, Target }] = propertiesOf(template, 'AWS::Scheduler::Schedule');
  assert.equal(ScheduleExpression, 'cron(0 3 * * ? *)');
  assert.deepEqual(JSON.parse(Target.Input), {
    params,
    clientToken: 'schedule Arvoredo <aws.scheduler.scheduled-time>',
  });
  assert.throws(() => templateOf({ bundleDir, schedule: { expression: '1 day' } }), /must be like rate\(1 day\)/);
  assert.throws(
    () => templateOf({ bundleDir, schedule: { expression: 'rate(1 day)', params: { trees: 0 } } }),
    /InputError: schedule.params: trees must be/,
  );
});

test('a schedule may read data, under the names that the API takes, and is refused where the API would refuse', () => {
  const schedule = (params: Record<string, unknown>) =>
    templateOf({ bundleDir, schedule: { expression: 'rate(1 day)', params } });
  const params = { data: ['s3://tables/2026/'], label: 'sold', features: ['rooms', 'age'], weights: 'w' };
  const [{ Target }] = propertiesOf(schedule(params), 'AWS::Scheduler::Schedule');
  assert.deepEqual(JSON.parse(Target.Input).params, params);
  assert.throws(() => schedule({ data: ['s3://tables/2026/'] }), /schedule.params: label must name the column/);
  assert.throws(() => schedule({ data: ['/tmp/a.csv'], label: 'a' }), /schedule.params: data must be given as s3:/);
  assert.throws(() => schedule({ label: 'sold' }), /schedule.params: label requires data/);
});

test('an upload below the prefix tells the function that starts runs, over the bus, with what is undelivered in the queue', () => {
  const params = { label: 'sold', trees: 5 };
  const template = templateOf({ bundleDir, uploads: { params } });
  template.hasResourceProperties('AWS::S3::Bucket', {
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
  });
  const [bucketId] = Object.keys(template.findResources('AWS::S3::Bucket'));
  const [{ EventPattern, Targets }] = propertiesOf(template, 'AWS::Events::Rule');
  assert.deepEqual(EventPattern, {
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: {
      bucket: { name: [{ Ref: bucketId }] },
      object: { key: [{ prefix: 'data/uploads/' }], size: [{ numeric: ['>', 0] }] },
    },
  });
  const [startId] = Object.entries(template.findResources('AWS::Lambda::Function')).find(
    ([, { Properties }]) => Properties.Description === 'arvoredo start',
  )!;
  const [queueId] = Object.keys(template.findResources('AWS::SQS::Queue'));
  const [{ Arn, DeadLetterConfig, InputTransformer }] = Targets;
  assert.deepEqual(Arn, { 'Fn::GetAtt': [startId, 'Arn'] });
  assert.deepEqual(DeadLetterConfig, { Arn: { 'Fn::GetAtt': [queueId, 'Arn'] } });
  assert.deepEqual(InputTransformer.InputPathsMap, { detail: '$.detail' });
  assert.equal(InputTransformer.InputTemplate, '{"params":{"label":"sold","trees":5},"upload":<detail>}');
  template.hasResourceProperties('AWS::Lambda::Permission', {
    Principal: 'events.amazonaws.com',
    FunctionName: { 'Fn::GetAtt': [startId, 'Arn'] },
    SourceArn: Match.anyValue(),
  });
});

test('a trigger of uploads that could start no run, or would start one on what a run wrote, is refused', () => {
  const uploads = (options: object) => templateOf({ bundleDir, uploads: options as never });
  assert.throws(() => uploads({ params: {} }), /uploads.params: label must name the column/);
  assert.throws(() => uploads({}), /uploads.params: label must name the column/);
  assert.throws(() => uploads({ params: { label: 'a', data: ['s3://b/c'] } }), /uploads.params must be without data/);
  for (const prefix of ['runs/', 'data/', 'data/*.csv', '']) {
    assert.throws(() => uploads({ prefix, params: { label: 'a' } }), /uploads.prefix must be below data\/.*, got /);
  }
});

test('a start that fails is tried again by Lambda, and then left in the queue', () => {
  const template = templateOf({ bundleDir });
  const [startId] = Object.entries(template.findResources('AWS::Lambda::Function')).find(
    ([, { Properties }]) => Properties.Description === 'arvoredo start',
  )!;
  const [queueId] = Object.keys(template.findResources('AWS::SQS::Queue'));
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    FunctionName: { Ref: startId },
    Qualifier: '$LATEST',
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queueId, 'Arn'] } } },
    MaximumRetryAttempts: Match.absent(), // two
  });
});

test('the topic of runs hears of endings of this orchestrator alone, and so not of its slices', () => {
  const template = templateOf({ bundleDir, notifications: { email } });
  const [{ EventPattern, Targets }] = propertiesOf(template, 'AWS::Events::Rule');
  assert.deepEqual(EventPattern['detail-type'], ['Durable Execution Status Change']);
  assert.deepEqual(EventPattern.detail.status, ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'STOPPED']);
  const [{ prefix }] = EventPattern.detail.durableExecutionArn;
  const [orchestratorId] = Object.entries(template.findResources('AWS::Lambda::Function')).find(
    ([, { Properties }]) => Properties.Description === 'arvoredo orchestrator',
  )!;
  assert.deepEqual(prefix, { 'Fn::Join': ['', [{ 'Fn::GetAtt': [orchestratorId, 'Arn'] }, ':']] });
  assert.equal(Targets.length, 1);
});

test('a worker with other code gives the orchestrator another version, so that no run mixes two', () => {
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
