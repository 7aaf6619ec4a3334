// Alarms of a deployment. Each metric of an alarm costs 0.10 USD a month; ten are free in every account.

import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { FUNCTION_NAMES, FUNCTIONS, type FunctionName, WORKER_NAMES } from '../functions/manifest.ts';
import type { ArvoredoApi } from './api.ts';
import type { ArvoredoEngine } from './engine.ts';

const PERIOD = Duration.minutes(5);
/** Fraction of its time limit that an invocation may take before the alarm goes off. */
const NEAR_TIMEOUT = 0.8;
/** Failed invocations of workers within a period; a single failure is retried. */
const MANY_FAILURES = 10;
/** Events in the queue of runs that failed, timed out or were cancelled. */
const MANY_EVENTS = 10;

// an alarm has at most ten metrics, so the functions have two alarms of each kind
const RUN_FUNCTIONS = ['orchestrator', 'slices', ...WORKER_NAMES] as const satisfies FunctionName[];
const CALL_FUNCTIONS = FUNCTION_NAMES.filter((name) => !(RUN_FUNCTIONS as readonly string[]).includes(name));

interface AlarmSpec {
  id: string;
  description: string;
  metric: cloudwatch.IMetric;
  /** The alarm goes off at this value. @default 1 */
  threshold?: number;
}

type Functions = ArvoredoEngine['functions'];

/** Make the alarms; each notifies the topic when it goes off and when it is over. */
export function addAlarms(
  scope: Construct,
  engine: ArvoredoEngine,
  api: ArvoredoApi,
  topic: ITopic,
): cloudwatch.Alarm[] {
  const specs = [...runAlarms(engine.functions), ...functionAlarms(engine.functions), ...serviceAlarms(engine, api)];
  return specs.map(({ id, description, metric, threshold = 1 }) => {
    const alarm = new cloudwatch.Alarm(scope, id, {
      alarmDescription: description,
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

/** Runs that failed, timed out or never started. */
function runAlarms({ orchestrator, start }: Functions): AlarmSpec[] {
  const count = { statistic: 'Sum', period: PERIOD };
  return [
    {
      id: 'RunsFailed',
      description: 'a run failed: GET /runs/{id} shows why; POST it again to resume it',
      metric: orchestrator.metric('DurableExecutionFailed', count),
    },
    {
      id: 'RunsTimedOut',
      description: 'a run took longer than a day: GET /runs/{id} shows its progress; POST it again to resume it',
      metric: orchestrator.metric('DurableExecutionTimedOut', count),
    },
    {
      id: 'NotStarted',
      description:
        'a schedule or an upload failed to start its run three times: its event is in the queue, see the log of start',
      metric: start.metric('AsyncEventsDropped', count),
    },
  ];
}

/** Failures, throttling and near timeouts of invocations. */
function functionAlarms(functions: Functions): AlarmSpec[] {
  return [
    {
      id: 'WorkersFail',
      threshold: MANY_FAILURES,
      description: 'more invocations of workers fail than chance explains: see the query "failures"',
      metric: sum(functions, WORKER_NAMES, 'metricErrors'),
    },
    {
      id: 'Throttled',
      description:
        'Lambda throttles invocations of runs: raise the quota of concurrent executions, or reserve concurrency',
      metric: sum(functions, RUN_FUNCTIONS, 'metricThrottles'),
    },
    {
      id: 'CallsThrottled',
      description:
        'Lambda throttles calls of the API or starts of runs: raise the quota of concurrent executions, or reserve concurrency',
      metric: sum(functions, CALL_FUNCTIONS, 'metricThrottles'),
    },
    {
      id: 'NearTimeout',
      threshold: 100 * NEAR_TIMEOUT,
      description: `an invocation took over ${100 * NEAR_TIMEOUT} % of its time limit: the next one may time out`,
      metric: percentOfTimeout(functions, RUN_FUNCTIONS),
    },
    {
      id: 'CallsNearTimeout',
      threshold: 100 * NEAR_TIMEOUT,
      description: `a call of the API, or the start of a run, took over ${100 * NEAR_TIMEOUT} % of its time limit`,
      metric: percentOfTimeout(functions, CALL_FUNCTIONS),
    },
  ];
}

/** The API and the queue of failures. */
function serviceAlarms({ failures }: ArvoredoEngine, { httpApi }: ArvoredoApi): AlarmSpec[] {
  return [
    {
      id: 'ApiFails',
      description: 'the API answers 5xx: see the log of its function',
      metric: httpApi.metricServerError({ period: PERIOD }),
    },
    {
      id: 'FailuresPile',
      threshold: MANY_EVENTS,
      description:
        'many runs failed, timed out or were cancelled in the last two weeks, and their events are still in the queue',
      metric: failures.metricApproximateNumberOfMessagesVisible({ period: PERIOD }),
    },
  ];
}

/** A function that was not called has no value; `FILL` makes it 0, as a sum with a missing value would be missing too. */
function sum(functions: Functions, names: readonly FunctionName[], metric: 'metricErrors' | 'metricThrottles') {
  const usingMetrics = Object.fromEntries(
    names.map((name) => [name.toLowerCase(), functions[name][metric]({ period: PERIOD })]),
  );
  return new cloudwatch.MathExpression({
    expression: `SUM([${Object.keys(usingMetrics).map((name) => `FILL(${name},0)`)}])`,
    usingMetrics,
    period: PERIOD,
  });
}

/** Of the invocation that came closest to the time limit of its function. */
function percentOfTimeout(functions: Functions, names: readonly FunctionName[]) {
  const longest = { statistic: 'Maximum', period: PERIOD };
  return new cloudwatch.MathExpression({
    expression: `100*MAX([${names.map((name) => `FILL(${name.toLowerCase()},0)/${FUNCTIONS[name].timeoutSeconds * 1000}`)}])`,
    usingMetrics: Object.fromEntries(
      names.map((name) => [name.toLowerCase(), functions[name].metricDuration(longest)]),
    ),
    period: PERIOD,
    label: '% of the time limit',
  });
}
