// The permissions of a synthesised template, in the terms of IAM: role, action, resource, all resolved to ARNs.

import assert from 'node:assert/strict';
import type { Template } from 'aws-cdk-lib/assertions';
import { FUNCTION_NAMES, type FunctionName } from '../../functions/manifest.ts';
import type { Json } from './synth.ts';

export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:111122223333:function:';
export const FAILURES_ARN = 'arn:aws:sqs:us-east-1:111122223333:failures';

interface Statement {
  effect: string;
  actions: string[];
  resources: string[];
  hasCondition: boolean;
}

export class Permissions {
  /** Statements of every policy of a function's role. */
  readonly statements: Record<FunctionName, Statement[]>;
  readonly #template: Template;
  /** Functions by their IDs in the template. */
  readonly #names: Map<string, FunctionName>;

  constructor(template: Template) {
    this.#template = template;
    this.#names = new Map(
      this.resources('AWS::Lambda::Function').flatMap(([id, { Description }]) => {
        const name = FUNCTION_NAMES.find((each) => Description === `arvoredo ${each}`);
        return name ? [[id, name]] : [];
      }),
    );
    this.statements = Object.fromEntries(FUNCTION_NAMES.map((name) => [name, this.#readStatements(name)])) as never;
  }

  /** Resources of a type: ID and properties. */
  resources(type: string): [string, Json][] {
    return Object.entries(this.#template.findResources(type)).map(([id, { Properties }]) => [id, Properties]);
  }

  nameOf(functionId: string): FunctionName | undefined {
    return this.#names.get(functionId);
  }

  /** The ARN or name that an expression of the template has in an account. */
  resolve(value: Json): string {
    if (typeof value === 'string') return value;
    if (value['Fn::Join']) {
      const [separator, parts] = value['Fn::Join'];
      return parts.map((part: Json) => this.resolve(part)).join(separator);
    }
    const id: string = value.Ref ?? value['Fn::GetAtt'][0];
    if (id === 'AWS::Partition') return 'aws';
    if (id === 'AWS::Region') return 'us-east-1';
    if (id === 'AWS::AccountId') return '111122223333';
    const { Type } = this.#template.toJSON().Resources[id];
    if (Type === 'AWS::S3::Bucket') return 'arn:aws:s3:::runs-bucket';
    if (Type === 'AWS::Lambda::Function') return `${FUNCTION_ARN}${this.#names.get(id) ?? id}`;
    if (Type === 'AWS::Lambda::Alias') return `${FUNCTION_ARN}orchestrator:live`;
    if (Type === 'AWS::SQS::Queue') return FAILURES_ARN;
    return `arn:aws:other:::${id}`;
  }

  /** Whether a role may do it; a condition counts as met, so the answer errs on the side of too much. */
  may(name: FunctionName, action: string, resource: string): boolean {
    return this.statements[name].some(
      ({ effect, actions, resources }) =>
        effect === 'Allow' &&
        actions.some((pattern) => covers(pattern.toLowerCase(), action.toLowerCase())) &&
        resources.some((pattern) => covers(pattern, resource)),
    );
  }

  #readStatements(name: FunctionName): Statement[] {
    const [, properties] = this.resources('AWS::Lambda::Function').find(([id]) => this.#names.get(id) === name)!;
    const roleId = properties.Role['Fn::GetAtt'][0];
    const [, role] = this.resources('AWS::IAM::Role').find(([id]) => id === roleId)!;
    assert.deepEqual([role.ManagedPolicyArns, role.Policies], [undefined, undefined], 'policies that are not read');
    return this.resources('AWS::IAM::Policy')
      .filter(([, { Roles }]) => Roles.some(({ Ref }: Json) => Ref === roleId))
      .flatMap(([, { PolicyDocument }]) => PolicyDocument.Statement)
      .map(({ Effect, Action, Resource, Condition, ...rest }: Json) => {
        assert.deepEqual(Object.keys(rest), [], 'NotAction and its like allow more than they name');
        return {
          effect: Effect,
          actions: [Action].flat(),
          resources: [Resource].flat().map((resource) => this.resolve(resource)),
          hasCondition: Condition !== undefined,
        };
      });
  }
}

function covers(pattern: string, text: string): boolean {
  const parts = pattern
    .split(/([*?])/)
    .map((part) => ({ '*': '.*', '?': '.' })[part] ?? part.replace(/[.\\+^$()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('')}$`, 's').test(text);
}
