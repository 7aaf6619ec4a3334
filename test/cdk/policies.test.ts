// Who else may act: on logs, roles, the API, and the resources that services write to.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FUNCTION_NAMES } from '../../functions/manifest.ts';
import { FUNCTION_ARN, Permissions } from './permissions.ts';
import { fakeBundles, type Json, templateOf } from './synth.ts';

const bundleDir = fakeBundles();
const template = templateOf({ bundleDir });
const permissions = new Permissions(template);

test('each function writes to its own log group only', () => {
  const groups = permissions.resources('AWS::Logs::LogGroup').map(([id]) => `arn:aws:other:::${id}`);
  for (const name of FUNCTION_NAMES) {
    const open = groups.filter((group) => permissions.may(name, 'logs:PutLogEvents', group));
    assert.equal(open.length, 1);
    assert.deepEqual(
      FUNCTION_NAMES.filter((other) => permissions.may(other, 'logs:PutLogEvents', open[0])),
      [name],
    );
  }
});

test('only Lambda may assume the roles of the functions', () => {
  for (const name of FUNCTION_NAMES) {
    const [, properties] = permissions
      .resources('AWS::Lambda::Function')
      .find(([id]) => permissions.nameOf(id) === name)!;
    const [, role] = permissions.resources('AWS::IAM::Role').find(([id]) => id === properties.Role['Fn::GetAtt'][0])!;
    assert.deepEqual(
      role.AssumeRolePolicyDocument.Statement.map(({ Effect, Action, Principal }: Json) => [Effect, Action, Principal]),
      [['Allow', 'sts:AssumeRole', { Service: 'lambda.amazonaws.com' }]],
    );
  }
});

test('the API answers signed calls only: no route, stage, URL or permission bypasses its authorizer', () => {
  const routes = permissions.resources('AWS::ApiGatewayV2::Route').map(([, route]) => route);
  assert.ok(routes.length > 0);
  for (const { RouteKey, AuthorizationType } of routes) {
    assert.equal(AuthorizationType, 'AWS_IAM', RouteKey);
    assert.doesNotMatch(RouteKey, /^(\$default|ANY|OPTIONS)/);
  }
  template.resourceCountIs('AWS::ApiGatewayV2::Api', 1);
  template.resourceCountIs('AWS::Lambda::Url', 0);
  const [apiId] = permissions.resources('AWS::ApiGatewayV2::Api')[0];
  for (const [, { Action, Principal, FunctionName, SourceArn }] of permissions.resources('AWS::Lambda::Permission')) {
    assert.deepEqual([Action, Principal], ['lambda:InvokeFunction', 'apigateway.amazonaws.com']);
    assert.ok(
      [`${FUNCTION_ARN}api`, `${FUNCTION_ARN}predict`].includes(permissions.resolve(FunctionName)),
      permissions.resolve(FunctionName),
    );
    const arn = permissions.resolve(SourceArn);
    assert.ok(arn.startsWith('arn:aws:execute-api:us-east-1:111122223333:') && arn.includes(apiId), arn);
  }
});

test('no resource policy allows anybody', () => {
  for (const type of ['AWS::S3::BucketPolicy', 'AWS::Lambda::LayerVersionPermission', 'AWS::Logs::ResourcePolicy'])
    for (const [, { PolicyDocument }] of permissions.resources(type))
      for (const { Effect } of PolicyDocument.Statement) assert.equal(Effect, 'Deny', type);
});

test('with all options, services may act on resources for this stack only, not for other accounts', () => {
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
  // the topic's rule uses a role that may only publish there
  const [topicId] = Object.keys(given.findResources('AWS::SNS::Topic')).filter((id) => /^Notifications/.test(id));
  const [rule] = propertiesOf('AWS::Events::Rule').filter(({ Targets }) => Targets[0].Arn.Ref === topicId);
  const roleId = rule.Targets[0].RoleArn['Fn::GetAtt'][0];
  const ofRole = propertiesOf('AWS::IAM::Policy').filter(({ Roles }) => Roles[0].Ref === roleId);
  assert.deepEqual(
    ofRole.map(({ PolicyDocument }) => PolicyDocument.Statement),
    [[{ Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: topicId } }]],
  );
});

test('the functions that read data may read and list the data buckets', () => {
  const given = templateOf({ bundleDir, dataBuckets: ['tables-of-mine'] });
  const who = Object.entries(given.findResources('AWS::IAM::Policy')).flatMap(([, { Properties }]) =>
    Properties.PolicyDocument.Statement.flatMap(({ Action, Resource }: Json) => {
      const arns = [Resource].flat().map((arn) => JSON.stringify(arn));
      return arns.some((arn) => arn.includes('tables-of-mine'))
        ? [`${Properties.Roles[0].Ref.replace(/^Engine|Role[0-9A-F]+$/g, '')} ${Action}`]
        : [];
    }),
  );
  const readers = ['Evaluate', 'Generate', 'GenerateLarge'];
  assert.deepEqual(who.sort(), readers.flatMap((name) => [`${name} s3:GetObject`, `${name} s3:ListBucket`]).sort());
  assert.throws(() => templateOf({ bundleDir, dataBuckets: ['s3://a/b'] }), /dataBuckets must be names of buckets/);
});
