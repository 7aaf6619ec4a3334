// What reports on a deployment: alarms, a budget, cost anomalies, metrics, the topic of runs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FUNCTION_NAMES, FUNCTIONS, WORKER_NAMES } from '../../functions/manifest.ts';
import { fakeBundles, type Json, propertiesOf, templateOf } from './synth.ts';

const bundleDir = fakeBundles();
const email = 'ops@example.org';

test('alarms notify a topic that only CloudWatch may write to, over TLS; docs/aws.md counts their metrics', () => {
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

test('no alarm has over ten metrics, and a sum has a value when only one of its functions ran', () => {
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

test('the alarms before a timeout use the time limit of each function', () => {
  const metrics = propertiesOf(templateOf({ bundleDir, alarms: true }), 'AWS::CloudWatch::Alarm').flatMap(
    ({ Metrics }) => Metrics ?? [],
  );
  const found = metrics.filter(({ Label }) => Label === '% of the time limit').map(({ Expression }) => Expression);
  for (const name of FUNCTION_NAMES) {
    const share = `FILL(${name.toLowerCase()},0)/${FUNCTIONS[name].timeoutSeconds * 1000}`;
    assert.equal(found.filter((expression) => expression.includes(share)).length, 1, name);
  }
});

test('a budget counts the costs tagged with the stack', () => {
  const template = templateOf({ bundleDir, budget: { monthlyUsd: 20, email }, stackName: 'Grove' });
  template.hasResourceProperties('AWS::Budgets::Budget', {
    Budget: {
      BudgetLimit: { Amount: 20, Unit: 'USD' },
      CostFilters: { TagKeyValue: ['user:arvoredo:stack$Grove'] },
    },
  });
  assert.throws(() => templateOf({ bundleDir, budget: { monthlyUsd: 0, email } }), /above 0, got 0/);
});

test('cost anomalies are detected among the costs tagged with the stack', () => {
  const template = templateOf({ bundleDir, costAnomalies: { email, aboveUsd: 7 }, stackName: 'Grove' });
  const [{ MonitorSpecification }] = propertiesOf(template, 'AWS::CE::AnomalyMonitor');
  assert.deepEqual(JSON.parse(MonitorSpecification), { Tags: { Key: 'arvoredo:stack', Values: ['Grove'] } });
  const [{ Subscribers, ThresholdExpression }] = propertiesOf(template, 'AWS::CE::AnomalySubscription');
  assert.deepEqual(Subscribers, [{ Type: 'EMAIL', Address: email }]);
  assert.deepEqual(JSON.parse(ThresholdExpression).Dimensions.Values, ['7']);
  assert.throws(() => templateOf({ bundleDir, costAnomalies: { email, aboveUsd: 0 } }), /above 0, got 0/);
  assert.throws(() => templateOf({ bundleDir, costAnomalies: { email: 'ops' } }), /must be an address, got ops/);
});

test('with metrics, the functions of each stage write metrics under the name of the stack', () => {
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

test("the topic of runs gets the ends of this orchestrator's executions, not those of its shards", () => {
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
