// A warning by mail before a month becomes dearer than thought.

import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { Construct } from 'constructs';
import { InputError } from '../lib/base/errors.ts';

export interface BudgetOptions {
  /** USD a month, above 0. */
  monthlyUsd: number;
  /** E-mail address. */
  email: string;
}

/** Shares of the budget at which mail goes out, in percent: spent, and foreseen. */
const SPENT = [50, 80, 100];
const FORESEEN = 100;

/**
 * Counts what bears a tag, once the tag has been made one for cost allocation in the billing console. The first two
 * budgets of an account are free.
 *
 * @throws {InputError} when a value is not allowed
 */
export function addBudget(
  scope: Construct,
  { monthlyUsd, email }: BudgetOptions,
  tag: { key: string; value: string },
): CfnBudget {
  if (!(monthlyUsd > 0)) throw new InputError(`budget.monthlyUsd must be above 0, got ${monthlyUsd}`);
  if (!email?.includes('@')) throw new InputError(`budget.email must be an address, got ${email}`);
  const notify = (notificationType: string, threshold: number) => ({
    notification: { notificationType, threshold, thresholdType: 'PERCENTAGE', comparisonOperator: 'GREATER_THAN' },
    subscribers: [{ subscriptionType: 'EMAIL', address: email }],
  });
  return new CfnBudget(scope, 'Budget', {
    budget: {
      budgetType: 'COST',
      timeUnit: 'MONTHLY',
      budgetLimit: { amount: monthlyUsd, unit: 'USD' },
      costFilters: { TagKeyValue: [`user:${tag.key}$${tag.value}`] },
    },
    notificationsWithSubscribers: [
      ...SPENT.map((percent) => notify('ACTUAL', percent)),
      notify('FORECASTED', FORESEEN),
    ],
  });
}
