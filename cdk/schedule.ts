// A run at set times: EventBridge Scheduler calls the function that starts runs.

import { Stack, TimeZone } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { InputError } from '../lib/base/errors.ts';
import { acknowledgeWildcards } from './findings.ts';
import { checkParams } from './trigger.ts';

export interface ScheduleOptions {
  /** When, as in `rate(1 day)` or `cron(0 3 * * ? *)`. */
  expression: string;
  /** Time zone of a cron expression, as in `Europe/Lisbon`. @default 'UTC' */
  timeZone?: string;
  /** Parameters of the run, as `POST /runs` takes them. @default the defaults of a run */
  params?: Record<string, unknown>;
}

export interface ArvoredoScheduleProps extends ScheduleOptions {
  /** The function `start` of an engine. */
  handler: IFunction;
  /** Gets events that could not be delivered. */
  failures: IQueue;
}

/** However often a time is delivered, it starts one run: the stack and the time are the client token. */
export class ArvoredoSchedule extends Construct {
  /** @throws {InputError} when the expression is invalid, or the run could not succeed */
  constructor(scope: Construct, id: string, props: ArvoredoScheduleProps) {
    super(scope, id);
    const { handler, failures, expression, timeZone = 'UTC', params = {} } = props;
    if (!/^(rate|cron)\([^()]+\)$/.test(expression)) {
      throw new InputError(`schedule must be like rate(1 day) or cron(0 3 * * ? *), got ${expression}`);
    }
    checkParams('schedule.params', params);
    // with the stack: an execution's name is the account's, and another stack may have the same times
    const clientToken = `schedule ${Stack.of(this).stackName} ${scheduler.ContextAttribute.scheduledTime}`;
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com') });
    acknowledgeWildcards(
      role,
      [`${handler.functionArn}:*`],
      'any version of one function: how the CDK grants an invocation',
    );
    new scheduler.Schedule(this, 'Schedule', {
      schedule: scheduler.ScheduleExpression.expression(expression, TimeZone.of(timeZone)),
      target: new LambdaInvoke(handler, {
        role,
        deadLetterQueue: failures,
        input: scheduler.ScheduleTargetInput.fromObject({ params, clientToken }),
      }),
    });
  }
}
