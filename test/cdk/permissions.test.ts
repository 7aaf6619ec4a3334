// What each role of the synthesised template may do, asked the way IAM asks: role, action, resource. The table here is
// written by hand, so that a wider row in cdk/grants.ts shows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import type { ArvoredoStackProps } from '../../cdk/stack.ts';
import { FUNCTION_NAMES, type FunctionName } from '../../functions/manifest.ts';
import { predictionKeys, runKeys } from '../../lib/store/keys.ts';
import { FAILURES_ARN, FUNCTION_ARN, Permissions } from './permissions.ts';
import { fakeBundles, templateOf } from './synth.ts';

const bundleDir = fakeBundles();
const template = templateOf({ bundleDir });
const permissions = new Permissions(template);

const keys = runKeys('r1');
const asked = predictionKeys('p1');
/** Every kind of object of a run, by its name in the table below. */
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
  // a run on data
  upload: 'data/0123456789abcdef/table.csv',
  inputs: keys.inputs,
  piece: keys.piece(0, 0),
  survey: keys.survey(0),
  schema: keys.schema,
  // a prediction of a table
  request: asked.request,
  progress: asked.status,
  result: asked.result,
  ownModel: asked.model,
  files: asked.inputs,
  filePiece: asked.piece(0, 0),
  answer: asked.answer(0, 'csv'),
  answerResult: asked.answerResult(0),
  // not objects of a run
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

/** Everything that is allowed; anything else must be refused. */
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
    test(`${name} may ${verb} the objects of the table and no others`, () => {
      const allowed = Object.keys(OBJECTS).filter((kind) =>
        permissions.may(name, action, `arn:aws:s3:::runs-bucket/${OBJECTS[kind]}`),
      );
      const expected = ALLOWED[name][verb as 'get' | 'put' | 'delete'] ?? [];
      assert.deepEqual(allowed.sort(), [...expected].sort());
      for (const key of Object.values(OBJECTS))
        assert.ok(!permissions.may(name, action, `arn:aws:s3:::another-bucket/${key}`), key);
    });
  }
}

// actions that would widen a role, or undo what others did
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
const RESOURCES = [
  'arn:aws:s3:::runs-bucket',
  'arn:aws:s3:::another-bucket',
  ...Object.values(OBJECTS).map((key) => `arn:aws:s3:::runs-bucket/${key}`),
  ...[...FUNCTION_NAMES, 'stranger'].flatMap((name) =>
    ['', ':1', ':live', ':$LATEST'].map((q) => `${FUNCTION_ARN}${name}${q}`),
  ),
  'arn:aws:iam::111122223333:role/any',
  ...permissions.resources('AWS::Logs::LogGroup').map(([id]) => `arn:aws:other:::${id}`),
  '*',
];

test('no role may do what only a deployment does, on any resource', () => {
  for (const name of FUNCTION_NAMES)
    for (const action of NEVER)
      for (const resource of RESOURCES)
        assert.ok(!permissions.may(name, action, resource), `${name} may ${action} ${resource}`);
});

test('every permission is one that a test here checks', () => {
  const known = [...Object.values(OBJECT_ACTIONS), 's3:ListBucket', 'logs:CreateLogStream', 'logs:PutLogEvents'];
  known.push('lambda:InvokeFunction', 'lambda:GetDurableExecution', 'lambda:StopDurableExecution');
  known.push('lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState', 'sqs:SendMessage');
  for (const name of FUNCTION_NAMES)
    for (const { actions } of permissions.statements[name])
      for (const action of actions) assert.ok(known.includes(action), action);
});

const EXECUTION = (name: string) => `${FUNCTION_ARN}${name}:1/durable-execution/r1/0`;
const WORKERS = ['generate', 'generateLarge', 'split', 'train', 'trainLarge', 'evaluate'];
const LAMBDA: [action: string, resource: string, who: FunctionName[]][] = [
  ...WORKERS.map((name): [string, string, FunctionName[]] => [
    'lambda:InvokeFunction',
    `${FUNCTION_ARN}${name}:1`,
    ['orchestrator', 'slices'],
  ]),
  // a version, so that a deployment changes nothing for a run in progress; never the newest code
  ...WORKERS.map((name): [string, string, FunctionName[]] => ['lambda:InvokeFunction', `${FUNCTION_ARN}${name}`, []]),
  ['lambda:InvokeFunction', `${FUNCTION_ARN}slices:1`, ['orchestrator']],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}slices`, []],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}orchestrator:live`, ['api', 'start']],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}orchestrator`, []],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}orchestrator:1`, []],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}start`, []],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}api`, []],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}predict`, []],
  ['lambda:InvokeFunction', `${FUNCTION_ARN}stranger`, []],
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
  ['sqs:SendMessage', FAILURES_ARN, ['orchestrator', 'start']],
  ['sqs:SendMessage', `${FAILURES_ARN}-of-another`, []],
  ['s3:ListBucket', 'arn:aws:s3:::runs-bucket', FUNCTION_NAMES.filter((name) => name !== 'slices')],
  ['s3:ListBucket', 'arn:aws:s3:::another-bucket', []],
];
for (const [action, resource, who] of LAMBDA) {
  test(`${action} on ${resource.replace(FUNCTION_ARN, '')} is for ${who.join(', ') || 'nobody'}`, () => {
    assert.deepEqual(
      FUNCTION_NAMES.filter((name) => permissions.may(name, action, resource)),
      who,
    );
  });
}

// the actions that options add to a role, written by hand so that a wider one shows
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
  ['an own key', { ownKey: true }, ['kms:Decrypt', 'kms:GenerateDataKey']],
  ['a private network', { privateNetwork: true }, NETWORK],
  ['dev', { environment: 'dev' }, []],
  ['prod', { environment: 'prod' }, XRAY],
  ['reserved concurrency', { reservedConcurrency: { orchestrator: 1, workers: 1 } }, []],
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
