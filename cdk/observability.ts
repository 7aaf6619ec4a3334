// What an operator sees of a deployment: a dashboard, alarms, and log queries.

import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { InputError } from '../lib/base/errors.ts';
import { addAlarms } from './alarms.ts';
import type { ArvoredoApi } from './api.ts';
import { addDashboard } from './dashboard.ts';
import type { ArvoredoEngine } from './engine.ts';
import { acknowledge } from './findings.ts';
import { addQueries } from './queries.ts';

export interface ArvoredoObservabilityProps {
  engine: ArvoredoEngine;
  api: ArvoredoApi;
  /** Whether there are alarms: 0.10 USD a month for each of their metrics, beyond ten that are free. @default true */
  alarms?: boolean;
  /** Whether there is a dashboard: 3 USD a month, beyond three that are free. @default true */
  dashboard?: boolean;
  /** E-mail address for alarms. It must confirm the first mail. @default none: subscribe to `topic` */
  email?: string;
}

/** Costs nothing by the run: its metrics are Lambda's own. */
export class ArvoredoObservability extends Construct {
  /** Gets every alarm. */
  readonly topic?: sns.Topic;
  readonly alarms: Alarm[];

  /** @throws {InputError} when a value is not allowed */
  constructor(scope: Construct, id: string, props: ArvoredoObservabilityProps) {
    super(scope, id);
    const { engine, api, alarms = true, dashboard = true, email } = props;
    if (email !== undefined && (!alarms || !email.includes('@'))) {
      throw new InputError(`email must be an address, and requires alarms, got ${email}`);
    }
    if (alarms) {
      this.topic = createTopic(this, 'Topic', email);
      allowService(this.topic, 'cloudwatch.amazonaws.com');
    }
    this.alarms = this.topic ? addAlarms(this, engine, api, this.topic) : [];
    if (dashboard) addDashboard(this, engine, api, this.alarms);
    addQueries(this, engine);
  }
}

/** A topic that takes TLS only, and its one reader. */
export function createTopic(scope: Construct, id: string, email?: string): sns.Topic {
  const topic = new sns.Topic(scope, id, { enforceSSL: true });
  if (email !== undefined) {
    const subscription = topic.addSubscription(new EmailSubscription(email));
    acknowledge(subscription, 'Serverless-SNSRedrivePolicy', 'mail that cannot be delivered has no other recipient');
  }
  acknowledge(
    topic,
    'AwsSolutions-SNS2',
    'names of alarms and runs only; alarms cannot write with the key of SNS itself',
  );
  return topic;
}

/** Let a service of this account write to a topic. */
function allowService(topic: sns.Topic, service: string): void {
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      actions: ['sns:Publish'],
      principals: [new iam.ServicePrincipal(service)],
      resources: [topic.topicArn],
      conditions: { StringEquals: { 'aws:SourceAccount': topic.stack.account } },
    }),
  );
}
