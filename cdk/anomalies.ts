// A detector of costs that are not as usual, and mail about them. Costs nothing.

import { Stack } from 'aws-cdk-lib';
import { CfnAnomalyMonitor, CfnAnomalySubscription } from 'aws-cdk-lib/aws-ce';
import type { Construct } from 'constructs';
import { InputError } from '../lib/base/errors.ts';

export interface AnomalyOptions {
  /** E-mail address, which gets one mail a day. */
  email: string;
  /** USD above the expected cost from which a mail is sent; above 0. @default 5 */
  aboveUsd?: number;
}

/**
 * Learns from what bears a tag, once the tag has been made one for cost allocation in the billing console.
 *
 * @throws {InputError} when a value is not allowed
 */
export function addAnomalies(
  scope: Construct,
  { email, aboveUsd = 5 }: AnomalyOptions,
  tag: { key: string; value: string },
): CfnAnomalySubscription {
  if (!email?.includes('@')) throw new InputError(`costAnomalies.email must be an address, got ${email}`);
  if (!(aboveUsd > 0)) throw new InputError(`costAnomalies.aboveUsd must be above 0, got ${aboveUsd}`);
  const name = `${Stack.of(scope).stackName} costs`;
  const monitor = new CfnAnomalyMonitor(scope, 'AnomalyMonitor', {
    monitorName: name,
    monitorType: 'CUSTOM',
    monitorSpecification: JSON.stringify({ Tags: { Key: tag.key, Values: [tag.value] } }),
  });
  const isLarge = {
    Dimensions: {
      Key: 'ANOMALY_TOTAL_IMPACT_ABSOLUTE',
      MatchOptions: ['GREATER_THAN_OR_EQUAL'],
      Values: [String(aboveUsd)],
    },
  };
  return new CfnAnomalySubscription(scope, 'AnomalySubscription', {
    subscriptionName: name,
    frequency: 'DAILY',
    monitorArnList: [monitor.attrMonitorArn],
    subscribers: [{ type: 'EMAIL', address: email }],
    thresholdExpression: JSON.stringify(isLarge),
  });
}
