// One page on how runs go: Lambda's own metrics, which cost nothing, and those of stages where there are any.

import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { FUNCTION_NAMES } from '../functions/manifest.ts';
import { METRICS_NAMESPACE, type TASK_METRICS } from '../functions/shared/task-metrics.ts';
import { STAGE_NAMES } from '../lib/plan/stage-sizes.ts';
import type { ArvoredoApi } from './api.ts';
import type { ArvoredoEngine } from './engine.ts';

const HALF = 12; // of 24 columns
const ENDINGS = ['Started', 'Succeeded', 'Failed', 'TimedOut', 'Stopped'];

export function addDashboard(
  scope: Construct,
  { functions, failures, hasMetrics }: ArvoredoEngine,
  api: ArvoredoApi,
  alarms: cloudwatch.Alarm[],
): cloudwatch.Dashboard {
  const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) =>
    new cloudwatch.GraphWidget({ title, left, right, width: HALF });
  const ofEach = (make: (name: (typeof FUNCTION_NAMES)[number]) => cloudwatch.Metric) => FUNCTION_NAMES.map(make);
  const label = (name: string) => ({ label: name, period: Duration.minutes(1) });
  const { orchestrator } = functions;
  const dashboard = new cloudwatch.Dashboard(scope, 'Dashboard', { defaultInterval: Duration.hours(3) });
  if (alarms.length > 0) dashboard.addWidgets(new cloudwatch.AlarmStatusWidget({ alarms, width: 24, height: 2 }));
  dashboard.addWidgets(
    graph(
      'runs',
      ENDINGS.map((ending) =>
        orchestrator.metric(`DurableExecution${ending}`, {
          label: ending,
          statistic: 'Sum',
          period: Duration.minutes(5),
        }),
      ),
    ),
    graph(
      'operations and bytes of an execution (at most 3,000 and 100 MB)',
      [orchestrator.metric('DurableExecutionOperations', { label: 'operations', statistic: 'Maximum' })],
      [orchestrator.metric('DurableExecutionStorageWrittenBytes', { label: 'bytes', statistic: 'Maximum' })],
    ),
  );
  dashboard.addWidgets(
    graph(
      'invocations',
      ofEach((name) => functions[name].metricInvocations(label(name))),
    ),
    graph(
      'at once',
      ofEach((name) => functions[name].metric('ConcurrentExecutions', { ...label(name), statistic: 'Maximum' })),
    ),
  );
  dashboard.addWidgets(
    graph(
      'longest, ms',
      ofEach((name) => functions[name].metricDuration({ ...label(name), statistic: 'Maximum' })),
    ),
    graph(
      'errors; on the right, throttles',
      ofEach((name) => functions[name].metricErrors(label(name))),
      ofEach((name) => functions[name].metricThrottles(label(name))),
    ),
  );
  dashboard.addWidgets(
    graph(
      'API requests; on the right, 4xx and 5xx',
      [api.httpApi.metricCount(label('requests'))],
      [api.httpApi.metricClientError(label('4xx')), api.httpApi.metricServerError(label('5xx'))],
    ),
    graph('events of runs that ended badly', [failures.metricApproximateNumberOfMessagesVisible()]),
  );
  if (hasMetrics) {
    const { stackName } = Stack.of(scope);
    const ofStages = (metricName: keyof typeof TASK_METRICS) =>
      STAGE_NAMES.map(
        (stage) =>
          new cloudwatch.Metric({
            namespace: METRICS_NAMESPACE,
            metricName,
            dimensionsMap: { stack: stackName, stage },
            statistic: 'Sum',
            ...label(stage),
          }),
      );
    dashboard.addWidgets(
      graph('tasks of each stage; on the right, failures', ofStages('tasks'), ofStages('failures')),
      graph('GB-s of each stage', ofStages('gbSeconds')),
    );
  }
  return dashboard;
}
