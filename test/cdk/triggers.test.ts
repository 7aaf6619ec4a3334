// What starts runs by itself: a schedule, or an upload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { fakeBundles, propertiesOf, templateOf } from './synth.ts';

const bundleDir = fakeBundles();

test('a schedule starts a run with its time as the token; invalid run parameters are rejected', () => {
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

test('a schedule may train on data, with the names and checks of the API', () => {
  const schedule = (params: Record<string, unknown>) =>
    templateOf({ bundleDir, schedule: { expression: 'rate(1 day)', params } });
  const params = { data: ['s3://tables/2026/'], label: 'sold', features: ['rooms', 'age'], weights: 'w' };
  const [{ Target }] = propertiesOf(schedule(params), 'AWS::Scheduler::Schedule');
  assert.deepEqual(JSON.parse(Target.Input).params, params);
  assert.throws(() => schedule({ data: ['s3://tables/2026/'] }), /schedule.params: label must name the column/);
  assert.throws(() => schedule({ data: ['/tmp/a.csv'], label: 'a' }), /schedule.params: data must be given as s3:/);
  assert.throws(() => schedule({ label: 'sold' }), /schedule.params: label requires data/);
});

test('an upload below the prefix calls the start function; undelivered events go to the queue', () => {
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

test("an upload trigger that cannot start a run, or would start one on a run's output, is rejected", () => {
  const uploads = (options: object) => templateOf({ bundleDir, uploads: options as never });
  assert.throws(() => uploads({ params: {} }), /uploads.params: label must name the column/);
  assert.throws(() => uploads({}), /uploads.params: label must name the column/);
  assert.throws(() => uploads({ params: { label: 'a', data: ['s3://b/c'] } }), /uploads.params must be without data/);
  for (const prefix of ['runs/', 'data/', 'data/*.csv', '']) {
    assert.throws(() => uploads({ prefix, params: { label: 'a' } }), /uploads.prefix must be below data\/.*, got /);
  }
});

test('Lambda retries a failed start and then leaves its event in the queue', () => {
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
