// The resources of a template under their names in the emulator.

import { directoryBucketArn } from '../s3/sessions.ts';
import type { Assembly } from './assembly.ts';
import { type Attributes, Expressions, type Resource, type TemplateScope } from './expressions.ts';

export type Properties = NonNullable<Resource['Properties']>;

/** Address of the API in the outputs, replaced once it listens. */
export const API_URL = 'https://local.execute-api.us-east-1.amazonaws.com';
/** The functions that are run; the CDK's own, which only take part in a deployment, are not. */
const OURS = /^arvoredo ([\w-]+)$/;

export class Stack {
  readonly #resources: Record<string, Resource>;
  readonly #expressions: Expressions;
  readonly #scope: Omit<TemplateScope, 'stackName'>;
  /** Logical id of the bucket that the outputs name. */
  readonly #mainBucket?: string;

  /** @param scope region must be us-east-1, as in `API_URL` */
  constructor({ template, stackName }: Assembly, scope: Omit<TemplateScope, 'stackName'>) {
    this.#resources = template.Resources;
    this.#scope = scope;
    this.#mainBucket = (template.Outputs?.BucketName?.Value as { Ref?: string } | undefined)?.Ref;
    this.#expressions = new Expressions(template, { ...scope, stackName }, (id) => this.attributes(id));
  }

  /** Logical ids and properties, expressions as they are, of all resources of a type. */
  ofType(type: string): [id: string, properties: Properties][] {
    return Object.entries(this.#resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties = {} }]) => [id, Properties]);
  }

  /** The properties of a resource; empty when it does not exist. */
  properties(id: string): Properties {
    return this.#resources[id]?.Properties ?? {};
  }

  /** Our own functions. */
  functions(): [id: string, properties: Properties][] {
    return this.ofType('AWS::Lambda::Function').filter(([, { Description }]) => OURS.test(String(Description)));
  }

  resolve<T>(value: unknown): T {
    return this.#expressions.resolve(value) as T;
  }

  text(value: unknown): string {
    return this.#expressions.text(value);
  }

  /** The values that expressions of the template get for a resource. */
  attributes(id: string): Attributes {
    const { Type } = this.#resources[id];
    const properties = this.properties(id);
    const { region, accountId } = this.#scope;
    const lambdaArn = (name: string) => `arn:aws:lambda:${region}:${accountId}:function:${name}`;
    switch (Type) {
      case 'AWS::Lambda::Function': {
        const name = functionName(id, properties.Description);
        return { Ref: name, Arn: lambdaArn(name) };
      }
      case 'AWS::Lambda::Version':
        return { Ref: `${lambdaArn(this.text(properties.FunctionName))}:1`, Version: '1' };
      case 'AWS::Lambda::Alias':
        return { Ref: `${lambdaArn(this.text(properties.FunctionName))}:${properties.Name}` };
      case 'AWS::Lambda::Url':
        return { Ref: id, FunctionUrl: `https://${id.toLowerCase()}.lambda-url.${region}.on.aws/` };
      case 'AWS::S3::Bucket': {
        const name = id === this.#mainBucket ? 'arvoredo' : id.toLowerCase();
        return { Ref: name, Arn: `arn:aws:s3:::${name}` };
      }
      case 'AWS::S3Express::DirectoryBucket': {
        const name = `${id.toLowerCase()}--${properties.LocationName}--x-s3`;
        return { Ref: name, Arn: directoryBucketArn(name) };
      }
      case 'AWS::IAM::Role':
        return { Ref: id, Arn: `arn:aws:iam::${accountId}:role/${id}` };
      case 'AWS::EC2::SecurityGroup':
        return { Ref: id, GroupId: id };
      case 'AWS::SQS::Queue':
        return {
          Ref: `https://sqs.${region}.amazonaws.com/${accountId}/${id}`,
          Arn: `arn:aws:sqs:${region}:${accountId}:${id}`,
          QueueName: id,
        };
      case 'AWS::ApiGatewayV2::Api':
        return { Ref: 'local', ApiEndpoint: API_URL };
      default: {
        const service = Type.split('::')[1].toLowerCase();
        const Arn = `arn:aws:${service}:${region}:${accountId}:${id}`;
        return { Ref: service === 'sns' ? Arn : id, Arn };
      }
    }
  }
}

/** Names are those of the emulator without a template, so that clients work with either. */
function functionName(id: string, description: unknown): string {
  const own = OURS.exec(String(description))?.[1];
  return own === undefined ? id : `arvoredo-${own}`;
}
