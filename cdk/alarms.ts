// What somebody should be told about. Each metric of an alarm costs 0.10 USD a month; ten are free in every account.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { FUNCTION_NAMES, FUNCTIONS, WORKER_NAMES } from '../functions/manifest.ts';
import type { ArvoredoApi } from './api.ts';
import type { ArvoredoEngine } from './engine.ts';

const PERIOD = Duration.minutes(5);
/** Share of its time limit that an invocation may take before somebody is told. */
const NEAR_TIMEOUT = 0.8;
/** Failed invocations of workers within a period: single ones are tried again. */
const MANY_FAILURES = 10;
/** Events of runs that ended badly, or were cancelled, and that nobody took from the queue. */
const MANY_LEFT = 10;

/** Make the alarms; each tells the topic when it goes off and when it is over. */
export function addAlarms(
  scope: Construct,
  engine: ArvoredoEngine,
  api: ArvoredoApi,
  topic: ITopic,
): cloudwatch.Alarm[] {
  const { functions, failures } = engine;
  const { orchestrator } = functions;
  const ended = (metricName: string) => orchestrator.metric(metricName, { statistic: 'Sum', period: PERIOD });
  const ofAll = (names: readonly (keyof typeof functions)[], metric: 'metricErrors' | 'metricThrottles') =>
    Object.fromEntries(names.map((name) => [name.toLowerCase(), functions[name][metric]({ period: PERIOD })]));
  const sum = (usingMetrics: Record<string, cloudwatch.IMetric>) =>
    new cloudwatch.MathExpression({ expression: Object.keys(usingMetrics).join('+'), usingMetrics, period: PERIOD });

  const shares = Object.fromEntries(
    FUNCTION_NAMES.map((name) => [
      name.toLowerCase(),
      functions[name].metricDuration({ statistic: 'Maximum', period: PERIOD }),
    ]),
  );
  const longest = FUNCTION_NAMES.map((name) => `${name.toLowerCase()}/${FUNCTIONS[name].timeoutSeconds * 1000}`);

  const specs: [id: string, threshold: number, what: string, metric: cloudwatch.IMetric][] = [
    [
      'RunsFailed',
      1,
      'a run failed or took longer than a day: GET /runs/{id} says why; POST it again to go on with it',
      sum({ failed: ended('DurableExecutionFailed'), timedout: ended('DurableExecutionTimedOut') }),
    ],
    [
      'WorkersFail',
      MANY_FAILURES,
      'invocations of workers fail, more than chance explains: see the query "failures"',
      sum(ofAll(WORKER_NAMES, 'metricErrors')),
    ],
    [
      'Throttled',
      1,
      'Lambda refuses invocations: raise the quota of concurrent executions, or set places aside',
      sum(ofAll(FUNCTION_NAMES, 'metricThrottles')),
    ],
    [
      'NearTimeout',
      100 * NEAR_TIMEOUT,
      `an invocation took over ${100 * NEAR_TIMEOUT} % of its time limit: the next one may be cut off`,
      new cloudwatch.MathExpression({
        expression: `100*MAX([${longest.join(',')}])`,
        usingMetrics: shares,
        period: PERIOD,
        label: '% of the time limit',
      }),
    ],
    [
      'ApiFails',
      1,
      'the API answers 5xx: see the log of its function',
      api.httpApi.metricServerError({ period: PERIOD }),
    ],
    [
      'FailuresPile',
      MANY_LEFT,
      'many runs ended badly or were cancelled in the last two weeks, and nobody looked at the queue',
      failures.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
    ],
  ];
  return specs.map(([id, threshold, alarmDescription, metric]) => {
    const alarm = new cloudwatch.Alarm(scope, id, {
      alarmDescription,
      metric,
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING, // nothing runs, nothing is wrong
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    return alarm;
  });
}
