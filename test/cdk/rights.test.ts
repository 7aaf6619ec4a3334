// What each role of the synthesised template may do, asked the way IAM asks: role, action, resource. The table here is
// written by hand, so that a wider row in cdk/grants.ts shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import type { ArvoredoStackProps } from '../../cdk/stack.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../functions/manifest.ts';
import { predictionKeys, runKeys } from '../../lib/store/keys.ts';
import { fakeBundles, type Json, templateOf } from './synth.ts';

const bundleDir = fakeBundles();
const template = templateOf({ bundleDir });
const resources = (type: string): [string, Json][] =>
  Object.entries(template.findResources(type)).map(([id, { Properties }]) => [id, Properties]);

const PREFIX = 'arn:aws:lambda:us-east-1:111122223333:function:';
const FAILURES = 'arn:aws:sqs:us-east-1:111122223333:failures';
const names = new Map<string, string>();
for (const [id, { Description = '' }] of resources('AWS::Lambda::Function'))
  if (Description.startsWith('arvoredo ')) names.set(id, Description.slice('arvoredo '.length));

/** The ARN or name that an expression of the template comes to in an account. */
function resolve(value: Json): string {
  if (typeof value === 'string') return value;
  if (value['Fn::Join']) return value['Fn::Join'][1].map(resolve).join(value['Fn::Join'][0]);
  const id: string = value.Ref ?? value['Fn::GetAtt'][0];
  if (id === 'AWS::Partition') return 'aws';
  if (id === 'AWS::Region') return 'us-east-1';
  if (id === 'AWS::AccountId') return '111122223333';
  const { Type } = template.toJSON().Resources[id];
  if (Type === 'AWS::S3::Bucket') return 'arn:aws:s3:::runs-bucket';
  if (Type === 'AWS::Lambda::Function') return `${PREFIX}${names.get(id) ?? id}`;
  if (Type === 'AWS::Lambda::Alias') return `${PREFIX}orchestrator:live`;
  if (Type === 'AWS::SQS::Queue') return FAILURES;
  return `arn:aws:other:::${id}`;
}

interface Statement {
  effect: string;
  actions: string[];
  resources: string[];
  hasCondition: boolean;
}

/** Statements of every policy of a function's role. */
function statementsOf(name: FunctionName): Statement[] {
  const [, properties] = resources('AWS::Lambda::Function').find(([id]) => names.get(id) === name)!;
  const roleId = properties.Role['Fn::GetAtt'][0];
  const [, role] = resources('AWS::IAM::Role').find(([id]) => id === roleId)!;
  assert.deepEqual([role.ManagedPolicyArns, role.Policies], [undefined, undefined], 'policies that are not looked at');
  return resources('AWS::IAM::Policy')
    .filter(([, { Roles }]) => Roles.some(({ Ref }: Json) => Ref === roleId))
    .flatMap(([, { PolicyDocument }]) => PolicyDocument.Statement)
    .map(({ Effect, Action, Resource, Condition, ...rest }: Json) => {
      assert.deepEqual(Object.keys(rest), [], 'NotAction and its like say more than they show');
      return {
        effect: Effect,
        actions: [Action].flat(),
        resources: [Resource].flat().map(resolve),
        hasCondition: Condition !== undefined,
      };
    });
}

function covers(pattern: string, text: string): boolean {
  const parts = pattern
    .split(/([*?])/)
    .map((part) => ({ '*': '.*', '?': '.' })[part] ?? part.replace(/[.\\+^$()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('')}$`, 's').test(text);
}

const rights = Object.fromEntries(FUNCTION_NAMES.map((name) => [name, statementsOf(name)]));
/** Whether a role may do it; a condition counts as met, so the answer errs on the side of what is too much. */
const may = (name: FunctionName, action: string, resource: string) =>
  rights[name].some(
    ({ effect, actions, resources }) =>
      effect === 'Allow' &&
      actions.some((pattern) => covers(pattern.toLowerCase(), action.toLowerCase())) &&
      resources.some((pattern) => covers(pattern, resource)),
  );

const keys = runKeys('r1');
const asked = predictionKeys('p1');
/** Every kind of object of a run, by the name that the table below gives it. */
const OBJECTS: Record<string, string> = {
  run: keys.run,
  status: keys.status,
  cancel: keys.cancel,
  report: keys.report,
  failed: keys.failed,
  timeline: keys.timeline,
  reportPage: keys.reportPage,
  dataset: keys.partition(0),
  sample: keys.sample(0),
  datasetResult: keys.partitionResult(0),
  bins: keys.binsResult,
  train: keys.train(0),
  test: keys.test(0),
  validation: keys.validation(0),
  splitResult: keys.splitResult(0),
  trees: keys.trees(0, 5),
  treesResult: keys.treesResult(0, 5),
  model: keys.model,
  modelResult: keys.modelResult,
  evaluateResult: keys.evaluateResult(0),
  foldResult: keys.foldResult(0),
  fitResult: keys.fitResult('0123456789abcdef', 0),
  // of a run on data
  upload: 'data/0123456789abcdef/table.csv',
  inputs: keys.inputs,
  piece: keys.piece(0, 0),
  survey: keys.survey(0),
  schema: keys.schema,
  // of a prediction of a table
  request: asked.request,
  progress: asked.status,
  result: asked.result,
  ownModel: asked.model,
  files: asked.inputs,
  filePiece: asked.piece(0, 0),
  answer: asked.answer(0, 'csv'),
  answerResult: asked.answerResult(0),
  // what is no object of a run
  root: 'file',
  runs: 'runs/',
  runFile: 'runs/r1/other.txt',
  elsewhere: 'other/r1/dataset/part-00000.arrow',
};
const TABLE = ['files', 'filePiece', 'answer', 'answerResult'];
const DATASET = ['dataset', 'sample', 'datasetResult'];
const RESULTS = ['datasetResult', 'bins', 'splitResult', 'treesResult', 'modelResult', 'evaluateResult'];
RESULTS.push('foldResult', 'fitResult');
const FOUND = ['inputs', 'piece', 'survey', 'schema'];

const GENERATE = { get: ['run', 'cancel', 'upload', ...FOUND, ...DATASET], put: [...FOUND, ...DATASET] };
const GROWN = ['trees', 'treesResult', 'model', 'modelResult', 'foldResult', 'fitResult'];
const TRAIN = {
  get: [...['run', 'cancel', 'schema', 'bins', 'train'], ...GROWN],
  put: GROWN,
};

/** All that is allowed; whatever is not here must be refused. */
const ALLOWED: Record<FunctionName, { get: string[]; put: string[]; delete?: string[] }> = {
  orchestrator: {
    get: [
      'run',
      'status',
      'cancel',
      'report',
      'failed',
      'timeline',
      ...RESULTS,
      'inputs',
      'survey',
      'schema',
      'request',
      'progress',
      'result',
      'files',
      'answerResult',
    ],
    put: ['status', 'report', 'reportPage', 'failed', 'timeline', 'progress', 'result'],
  },
  generate: GENERATE,
  generateLarge: GENERATE,
  split: {
    get: ['run', 'cancel', 'schema', ...DATASET, 'bins', 'splitResult'],
    put: ['bins', 'train', 'test', 'validation', 'splitResult'],
  },
  train: TRAIN,
  trainLarge: TRAIN,
  evaluate: {
    get: [
      ...['run', 'cancel', 'schema', 'model', 'modelResult', 'test', 'validation', 'evaluateResult', 'bins', 'upload'],
      ...['request', 'ownModel', ...TABLE],
    ],
    put: ['evaluateResult', ...TABLE],
  },
  slices: { get: [], put: [] },
  api: { get: ['run', 'status', 'cancel', 'report'], put: ['run', 'status', 'cancel'], delete: ['cancel'] },
  start: { get: ['run', 'status', 'cancel', 'report'], put: ['run', 'status'], delete: ['cancel'] },
  predict: { get: ['model', 'modelResult'], put: [] },
};

const OBJECT_ACTIONS = { get: 's3:GetObject', put: 's3:PutObject', delete: 's3:DeleteObject' } as const;
for (const name of FUNCTION_NAMES) {
  for (const [verb, action] of Object.entries(OBJECT_ACTIONS)) {
    test(`${name} may ${verb} the objects of the table and no other`, () => {
      const allowed = Object.keys(OBJECTS).filter((kind) =>
        may(name, action, `arn:aws:s3:::runs-bucket/${OBJECTS[kind]}`),
      );
      const expected = ALLOWED[name][verb as 'get' | 'put' | 'delete'] ?? [];
      assert.deepEqual(allowed.sort(), [...expected].sort());
      for (const key of Object.values(OBJECTS))
        assert.ok(!may(name, action, `arn:aws:s3:::another-bucket/${key}`), key);
    });
  }
}

// what would make a role more than it is, or let it undo what others did
const NEVER = [
  's3:DeleteBucket s3:PutBucketPolicy s3:PutBucketAcl s3:PutObjectAcl s3:PutLifecycleConfiguration s3:GetBucketPolicy',
  's3:ListAllMyBuckets s3:DeleteObjectVersion s3:GetObjectVersion s3:BypassGovernanceRetention s3:PutObjectTagging',
  'lambda:UpdateFunctionCode lambda:UpdateFunctionConfiguration lambda:CreateFunction lambda:DeleteFunction',
  'lambda:AddPermission lambda:CreateFunctionUrlConfig lambda:PublishVersion lambda:ListFunctions lambda:GetFunction',
  'lambda:SendDurableExecutionCallbackSuccess lambda:PutFunctionConcurrency',
  'iam:PassRole iam:CreateRole iam:PutRolePolicy iam:AttachRolePolicy sts:AssumeRole kms:Decrypt ssm:GetParameter',
  'secretsmanager:GetSecretValue dynamodb:PutItem sqs:SendMessage ec2:CreateNetworkInterface logs:CreateLogGroup',
  'logs:DeleteLogGroup logs:GetLogEvents logs:FilterLogEvents execute-api:Invoke apigateway:GET cloudformation:UpdateStack',
].flatMap((line) => line.split(' '));
const PLACES = [
  'arn:aws:s3:::runs-bucket',
  'arn:aws:s3:::another-bucket',
  ...Object.values(OBJECTS).map((key) => `arn:aws:s3:::runs-bucket/${key}`),
  ...[...FUNCTION_NAMES, 'stranger'].flatMap((name) =>
    ['', ':1', ':live', ':$LATEST'].map((q) => `${PREFIX}${name}${q}`),
  ),
  'arn:aws:iam::111122223333:role/any',
  ...resources('AWS::Logs::LogGroup').map(([id]) => `arn:aws:other:::${id}`),
  '*',
];

test('no role may do what only a deployment does, whatever the resource', () => {
  for (const name of FUNCTION_NAMES)
    for (const action of NEVER)
      for (const place of PLACES) assert.ok(!may(name, action, place), `${name} may ${action} ${place}`);
});

test('every right is one that is looked at here', () => {
  const known = [...Object.values(OBJECT_ACTIONS), 's3:ListBucket', 'logs:CreateLogStream', 'logs:PutLogEvents'];
  known.push('lambda:InvokeFunction', 'lambda:GetDurableExecution', 'lambda:StopDurableExecution');
  known.push('lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState', 'sqs:SendMessage');
  for (const name of FUNCTION_NAMES)
    for (const { actions } of rights[name]) for (const action of actions) assert.ok(known.includes(action), action);
});

const EXECUTION = (name: string) => `${PREFIX}${name}:1/durable-execution/r1/0`;
const WORKERS = ['generate', 'generateLarge', 'split', 'train', 'trainLarge', 'evaluate'];
const LAMBDA: [action: string, resource: string, who: FunctionName[]][] = [
  ...WORKERS.map((name): [string, string, FunctionName[]] => [
    'lambda:InvokeFunction',
    `${PREFIX}${name}:1`,
    ['orchestrator', 'slices'],
  ]),
  // a version, so that a deployment changes nothing for a run under way; never whatever is newest
  ...WORKERS.map((name): [string, string, FunctionName[]] => ['lambda:InvokeFunction', `${PREFIX}${name}`, []]),
  ['lambda:InvokeFunction', `${PREFIX}slices:1`, ['orchestrator']],
  ['lambda:InvokeFunction', `${PREFIX}slices`, []],
  ['lambda:InvokeFunction', `${PREFIX}orchestrator:live`, ['api', 'start']],
  ['lambda:InvokeFunction', `${PREFIX}orchestrator`, []],
  ['lambda:InvokeFunction', `${PREFIX}orchestrator:1`, []],
  ['lambda:InvokeFunction', `${PREFIX}start`, []],
  ['lambda:InvokeFunction', `${PREFIX}api`, []],
  ['lambda:InvokeFunction', `${PREFIX}predict`, []],
  ['lambda:InvokeFunction', `${PREFIX}stranger`, []],
  ['lambda:GetDurableExecution', EXECUTION('orchestrator'), ['api', 'start']],
  ['lambda:StopDurableExecution', EXECUTION('orchestrator'), ['api']],
  ...['lambda:GetDurableExecution', 'lambda:StopDurableExecution'].flatMap(
    (action): [string, string, FunctionName[]][] => [
      [action, EXECUTION('slices'), []],
      [action, EXECUTION('stranger'), []],
    ],
  ),
  ...['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'].flatMap(
    (action): [string, string, FunctionName[]][] => [
      [action, EXECUTION('orchestrator'), ['orchestrator']],
      [action, EXECUTION('slices'), ['slices']],
      [action, EXECUTION('stranger'), []],
    ],
  ),
  ['sqs:SendMessage', FAILURES, ['orchestrator', 'start']],
  ['sqs:SendMessage', `${FAILURES}-of-another`, []],
  ['s3:ListBucket', 'arn:aws:s3:::runs-bucket', FUNCTION_NAMES.filter((name) => name !== 'slices')],
  ['s3:ListBucket', 'arn:aws:s3:::another-bucket', []],
];
for (const [action, resource, who] of LAMBDA) {
  test(`${action} on ${resource.replace(PREFIX, '')} is for ${who.join(', ') || 'nobody'}`, () => {
    assert.deepEqual(
      FUNCTION_NAMES.filter((name) => may(name, action, resource)),
      who,
    );
  });
}

// options that give a role more than it has without them, and what: by hand, so that a wider one shows
const XRAY = ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'];
const NETWORK = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];
const MORE: [option: string, props: ArvoredoStackProps, actions: string[]][] = [
  ['tracing', { tracing: true }, XRAY],
  ['a key of its own', { ownKey: true }, ['kms:Decrypt', 'kms:GenerateDataKey']],
  ['a private network', { privateNetwork: true }, NETWORK],
  ['dev', { environment: 'dev' }, []],
  ['prod', { environment: 'prod' }, XRAY],
  ['places set aside', { reservedConcurrency: { orchestrator: 1, workers: 1 } }, []],
  ['alarms and topics', { alarms: { email: 'a@example.org' }, notifications: true, dashboard: true }, []],
  ['a schedule', { schedule: { expression: 'rate(1 day)' } }, []],
  ['a trigger of uploads', { uploads: { params: { label: 'sold' } } }, []],
  [
    'tokens and pages',
    { jwt: { issuer: 'https://a.example', audience: ['b'] }, corsOrigins: ['https://a.example'] },
    [],
  ],
];

/** Actions that the roles of the functions are allowed, by role and not by resource. */
function actionsOf(from: Template): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const { Roles, PolicyDocument } of Object.values(from.findResources('AWS::IAM::Policy')).map(
    (p) => p.Properties,
  )) {
    for (const { Ref } of Roles) {
      if (!/^Engine/.test(Ref)) continue;
      const actions = all.get(Ref) ?? new Set<string>();
      all.set(Ref, actions);
      for (const { Effect, Action } of PolicyDocument.Statement)
        if (Effect === 'Allow') for (const action of [Action].flat()) actions.add(action);
    }
  }
  return all;
}

const without = actionsOf(template);
for (const [option, props, expected] of MORE) {
  test(`${option} gives each role ${expected.length === 0 ? 'nothing more' : expected.join(', ')}`, () => {
    const given = actionsOf(templateOf({ bundleDir, ...props }));
    assert.deepEqual([...given.keys()].sort(), [...without.keys()].sort());
    for (const [role, actions] of given) {
      // who writes nothing needs no key to write with, and who reads nothing none at all
      const unused = /^EnginePredict/.test(role) ? /^kms:GenerateDataKey/ : /^EngineSlices/.test(role) ? /^kms:/ : /^$/;
      const own = expected.filter((action) => !unused.test(action));
      assert.deepEqual([...actions].filter((action) => !without.get(role)!.has(action)).sort(), own, role);
    }
  });
}

test('each function logs to its own group only', () => {
  const groups = resources('AWS::Logs::LogGroup').map(([id]) => `arn:aws:other:::${id}`);
  for (const name of FUNCTION_NAMES) {
    const open = groups.filter((group) => may(name, 'logs:PutLogEvents', group));
    assert.equal(open.length, 1);
    assert.deepEqual(
      FUNCTION_NAMES.filter((other) => may(other, 'logs:PutLogEvents', open[0])),
      [name],
    );
  }
});

test('only Lambda takes on the roles of the functions', () => {
  for (const name of FUNCTION_NAMES) {
    const [, properties] = resources('AWS::Lambda::Function').find(([id]) => names.get(id) === name)!;
    const [, role] = resources('AWS::IAM::Role').find(([id]) => id === properties.Role['Fn::GetAtt'][0])!;
    assert.deepEqual(
      role.AssumeRolePolicyDocument.Statement.map(({ Effect, Action, Principal }: Json) => [Effect, Action, Principal]),
      [['Allow', 'sts:AssumeRole', { Service: 'lambda.amazonaws.com' }]],
    );
  }
});

test('the API answers signed calls only: no route, stage, URL or permission goes round its authorizer', () => {
  const routes = resources('AWS::ApiGatewayV2::Route').map(([, route]) => route);
  assert.ok(routes.length > 0);
  for (const { RouteKey, AuthorizationType } of routes) {
    assert.equal(AuthorizationType, 'AWS_IAM', RouteKey);
    assert.doesNotMatch(RouteKey, /^(\$default|ANY|OPTIONS)/);
  }
  template.resourceCountIs('AWS::ApiGatewayV2::Api', 1);
  template.resourceCountIs('AWS::Lambda::Url', 0);
  const [apiId] = resources('AWS::ApiGatewayV2::Api')[0];
  for (const [, { Action, Principal, FunctionName, SourceArn }] of resources('AWS::Lambda::Permission')) {
    assert.deepEqual([Action, Principal], ['lambda:InvokeFunction', 'apigateway.amazonaws.com']);
    assert.ok([`${PREFIX}api`, `${PREFIX}predict`].includes(resolve(FunctionName)), resolve(FunctionName));
    const arn = resolve(SourceArn);
    assert.ok(arn.startsWith('arn:aws:execute-api:us-east-1:111122223333:') && arn.includes(apiId), arn);
  }
});

test('no policy of a resource lets anybody in', () => {
  for (const type of ['AWS::S3::BucketPolicy', 'AWS::Lambda::LayerVersionPermission', 'AWS::Logs::ResourcePolicy'])
    for (const [, { PolicyDocument }] of resources(type))
      for (const { Effect } of PolicyDocument.Statement) assert.equal(Effect, 'Deny', type);
});

test('with all options, a service may do something to a resource for what this stack has made alone, not for other accounts', () => {
  const given = templateOf({
    bundleDir,
    accessLogs: true,
    alarms: true,
    notifications: true,
    schedule: { expression: 'rate(1 day)' },
    uploads: { params: { label: 'sold' } },
  });
  const propertiesOf = (type: string): Json[] => Object.values(given.findResources(type)).map((r) => r.Properties);
  const types = ['AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy'];
  const allowed: Json[] = types
    .flatMap(propertiesOf)
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Effect }: Json) => Effect === 'Allow');
  assert.deepEqual(allowed.map(({ Principal }) => Principal.Service).sort(), [
    'cloudwatch.amazonaws.com',
    'events.amazonaws.com',
    'events.amazonaws.com',
    'logging.s3.amazonaws.com',
  ]);
  for (const { Action, Condition = {} } of allowed) {
    const keys = Object.values(Condition).flatMap((each) => Object.keys(each as object));
    assert.ok(keys.includes('aws:SourceArn') || keys.includes('aws:SourceAccount'), `${Action} is for every account`);
  }
  for (const { Principal, SourceArn } of propertiesOf('AWS::Lambda::Permission'))
    assert.ok(SourceArn, `${Principal} may invoke for every account`);
  // the rule of the topic goes by a role, which publishes there and does nothing else
  const [topicId] = Object.keys(given.findResources('AWS::SNS::Topic')).filter((id) => /^Notifications/.test(id));
  const [rule] = propertiesOf('AWS::Events::Rule').filter(({ Targets }) => Targets[0].Arn.Ref === topicId);
  const roleId = rule.Targets[0].RoleArn['Fn::GetAtt'][0];
  const ofRole = propertiesOf('AWS::IAM::Policy').filter(({ Roles }) => Roles[0].Ref === roleId);
  assert.deepEqual(
    ofRole.map(({ PolicyDocument }) => PolicyDocument.Statement),
    [[{ Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: topicId } }]],
  );
});

test('other buckets are there for those who read data, to read and to list', () => {
  const given = templateOf({ bundleDir, dataBuckets: ['tables-of-mine'] });
  const who = Object.entries(given.findResources('AWS::IAM::Policy')).flatMap(([, { Properties }]) =>
    Properties.PolicyDocument.Statement.flatMap(({ Action, Resource }: Json) => {
      const places = [Resource].flat().map((arn) => JSON.stringify(arn));
      return places.some((place) => place.includes('tables-of-mine'))
        ? [`${Properties.Roles[0].Ref.replace(/^Engine|Role[0-9A-F]+$/g, '')} ${Action}`]
        : [];
    }),
  );
  const readers = ['Evaluate', 'Generate', 'GenerateLarge'];
  assert.deepEqual(who.sort(), readers.flatMap((name) => [`${name} s3:GetObject`, `${name} s3:ListBucket`]).sort());
  assert.throws(() => templateOf({ bundleDir, dataBuckets: ['s3://a/b'] }), /dataBuckets must be names of buckets/);
});
