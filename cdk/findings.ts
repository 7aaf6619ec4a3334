// Answers to the findings of cdk-nag, given where the resource in question is declared.

import { Stack, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Say why a finding is not a fault here. */
export function acknowledge(construct: Construct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/** Say why a role may have a wildcard: for each resource by itself, so that a new one is a new finding. */
export function acknowledgeWildcards(construct: Construct, resources: readonly string[], reason: string): void {
  for (const resource of resources) {
    if (!resource.includes('*')) continue;
    const text = flatten(Stack.of(construct).resolve(resource));
    acknowledge(construct, `AwsSolutions-IAM5[Resource::${text}]`, reason);
  }
}

type Expression = string | { Ref?: string; 'Fn::GetAtt'?: [string, string]; 'Fn::Join'?: [string, Expression[]] };

/** An expression of a template in the words of cdk-nag, as in `<Bucket.Arn>/runs/*`. */
function flatten(expression: Expression): string {
  if (typeof expression === 'string') return expression;
  if (expression['Fn::GetAtt']) return `<${expression['Fn::GetAtt'].join('.')}>`;
  if (expression['Fn::Join']) return expression['Fn::Join'][1].map(flatten).join(expression['Fn::Join'][0]);
  return `<${expression.Ref}>`;
}
