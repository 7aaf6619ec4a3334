// What somebody should be told about. Each metric of an alarm costs 0.10 USD a month; ten are free in every account.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { FUNCTION_NAMES, FUNCTIONS, type FunctionName, WORKER_NAMES } from '../functions/manifest.ts';
import type { ArvoredoApi } from './api.ts';
import type { ArvoredoEngine } from './engine.ts';

const PERIOD = Duration.minutes(5);
/** Share of its time limit that an invocation may take before the alarm goes off. */
const NEAR_TIMEOUT = 0.8;
/** Failed invocations of workers within a period: single ones are tried again. */
const MANY_FAILURES = 10;
/** Events of runs that ended badly, or were cancelled, and that nobody took from the queue. */
const MANY_LEFT = 10;

// the metrics of an alarm are ten at most
const OF_RUNS = ['orchestrator', 'slices', ...WORKER_NAMES] as const satisfies FunctionName[];
const OF_CALLS = FUNCTION_NAMES.filter((name) => !(OF_RUNS as readonly string[]).includes(name));

/** Make the alarms; each tells the topic when it goes off and when it is over. */
export function addAlarms(
  scope: Construct,
  engine: ArvoredoEngine,
  api: ArvoredoApi,
  topic: ITopic,
): cloudwatch.Alarm[] {
  const { functions, failures } = engine;
  const { orchestrator, start } = functions;
  const ofStart = (metricName: string) => start.metric(metricName, { statistic: 'Sum', period: PERIOD });
  const ended = (metricName: string) => orchestrator.metric(metricName, { statistic: 'Sum', period: PERIOD });
  const ofAll = (names: readonly FunctionName[], metric: 'metricErrors' | 'metricThrottles') =>
    Object.fromEntries(names.map((name) => [name.toLowerCase(), functions[name][metric]({ period: PERIOD })]));
  // a function that was not called has no value, and a sum with one that is missing would be missing too
  const sum = (usingMetrics: Record<string, cloudwatch.IMetric>) =>
    new cloudwatch.MathExpression({
      expression: `SUM([${Object.keys(usingMetrics).map((name) => `FILL(${name},0)`)}])`,
      usingMetrics,
      period: PERIOD,
    });
  const shareOfTimeout = (names: readonly FunctionName[]) =>
    new cloudwatch.MathExpression({
      expression: `100*MAX([${names.map((name) => `FILL(${name.toLowerCase()},0)/${FUNCTIONS[name].timeoutSeconds * 1000}`)}])`,
      usingMetrics: Object.fromEntries(
        names.map((name) => [
          name.toLowerCase(),
          functions[name].metricDuration({ statistic: 'Maximum', period: PERIOD }),
        ]),
      ),
      period: PERIOD,
      label: '% of the time limit',
    });

  const specs: [id: string, threshold: number, what: string, metric: cloudwatch.IMetric][] = [
    [
      'RunsFailed',
      1,
      'a run failed: GET /runs/{id} says why; POST it again to go on with it',
      ended('DurableExecutionFailed'),
    ],
    [
      'RunsTimedOut',
      1,
      'a run took longer than a day: GET /runs/{id} says how far it came; POST it again to go on with it',
      ended('DurableExecutionTimedOut'),
    ],
    [
      'NotStarted',
      1,
      'a schedule or an upload could not start its run, three times: its event is in the queue, see the log of start',
      ofStart('AsyncEventsDropped'),
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
      'Lambda refuses invocations of runs: raise the quota of concurrent executions, or set places aside',
      sum(ofAll(OF_RUNS, 'metricThrottles')),
    ],
    [
      'CallsThrottled',
      1,
      'Lambda refuses calls of the API or starts of runs: raise the quota of concurrent executions, or set places aside',
      sum(ofAll(OF_CALLS, 'metricThrottles')),
    ],
    [
      'NearTimeout',
      100 * NEAR_TIMEOUT,
      `an invocation took over ${100 * NEAR_TIMEOUT} % of its time limit: the next one may be cut off`,
      shareOfTimeout(OF_RUNS),
    ],
    [
      'CallsNearTimeout',
      100 * NEAR_TIMEOUT,
      `an answer of the API, or the start of a run, took over ${100 * NEAR_TIMEOUT} % of its time limit`,
      shareOfTimeout(OF_CALLS),
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
