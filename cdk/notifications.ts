// Announces each ended run: Lambda sends an event to EventBridge, which sends a message to a topic.

import * as events from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ArvoredoEngine } from './engine.ts';
import { createTopic } from './observability.ts';

export interface ArvoredoNotificationsProps {
  engine: ArvoredoEngine;
  /** E-mail address. It must confirm the first mail. @default none: subscribe to `topic` */
  email?: string;
}

/** How an execution can end; SUCCEEDED is the only good one. */
const ENDINGS = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'STOPPED'];

/** Costs by the message: 1 USD for a million. */
export class ArvoredoNotifications extends Construct {
  /** Gets `{run, status}` for each execution that ends; the run is the name, less `__N` of the N-th start. */
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, { engine, email }: ArvoredoNotificationsProps) {
    super(scope, id);
    this.topic = createTopic(this, 'Topic', email);
    const rule = new events.Rule(this, 'Ended', {
      description: 'a run has ended',
      eventPattern: {
        source: ['aws.lambda'],
        detailType: ['Durable Execution Status Change'],
        detail: {
          // with the version behind it, which each deployment changes
          durableExecutionArn: events.Match.prefix(`${engine.functions.orchestrator.functionArn}:`),
          status: ENDINGS,
        },
      },
    });
    const message = events.RuleTargetInput.fromObject({
      run: events.EventField.fromPath('$.detail.durableExecutionName'),
      status: events.EventField.fromPath('$.detail.status'),
    });
    // by a role: what the CDK writes into the topic's policy otherwise would let in the rules of every account
    const target = { message, deadLetterQueue: engine.failures, authorizeUsingRole: true };
    rule.addTarget(new SnsTopic(this.topic, target));
  }
}
