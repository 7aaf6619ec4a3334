// A stack as it would be deployed here: functions, buckets, routes, outputs, and who may do what.

import { InputError } from '../../lib/errors.ts';
import type { HttpRoute } from '../http-api.ts';
import type { Role } from '../iam/authorizer.ts';
import { covers, type Statement } from '../iam/evaluate.ts';
import type { LocalFunction } from '../lambda/options.ts';
import type { Assembly } from './assembly.ts';
import { type Attributes, Expressions, type Place, type Resource } from './expressions.ts';

export interface Deployment {
  stackName: string;
  functions: LocalFunction[];
  /** Names of the buckets. */
  buckets: string[];
  routes: HttpRoute[];
  functionUrls: FunctionUrl[];
  outputs: Record<string, string>;
  /** Roles of the functions, by the access key of their sandboxes. */
  roles: Map<string, Role>;
  bucketPolicies: Map<string, Statement[]>;
  bucketKeys: Map<string, string>;
}

/** An address of a function itself. */
export interface FunctionUrl {
  /** As the outputs give it, to be put right once it listens. */
  url: string;
  functionName: string;
  functionArn: string;
  authorization: HttpRoute['authorization'];
  timeoutMs: number;
}

/** Address that the outputs give for the API, to be put right once it listens. */
export const API_URL = 'https://local.execute-api.us-east-1.amazonaws.com';
/** The functions that are run: those of the CDK, which take part in a deployment, are not. */
const OURS = /^arvoredo ([\w-]+)$/;
const FUNCTION = 'AWS::Lambda::Function';

/**
 * @param place region must be us-east-1, as in `API_URL`
 * @throws {InputError} when the template has what cannot be run here, or a mistake that AWS would find
 */
export function deploy({ template, stackName, assetFolder }: Assembly, place: Omit<Place, 'stackName'>): Deployment {
  const { Resources, Outputs = {} } = template;
  const expressions = new Expressions(template, { ...place, stackName }, (id) => attributesOf(id, Resources[id]!));
  const ofType = (type: string) => Object.entries(Resources).filter(([, { Type }]) => Type === type);
  const { region, accountId } = place;
  const lambdaArn = (name: string) => `arn:aws:lambda:${region}:${accountId}:function:${name}`;

  function attributesOf(id: string, { Type, Properties = {} }: Resource): Attributes {
    const functionName = () => expressions.text(Properties.FunctionName).replace(/^.*:function:/, '');
    switch (Type) {
      case FUNCTION: {
        const name = nameOf(id, Properties.Description);
        return { Ref: name, Arn: lambdaArn(name) };
      }
      case 'AWS::Lambda::Version':
        return { Ref: `${lambdaArn(functionName())}:1`, Version: '1' };
      case 'AWS::Lambda::Alias':
        return { Ref: `${lambdaArn(functionName())}:${Properties.Name}` };
      case 'AWS::S3::Bucket':
        return { Ref: bucketName(id), Arn: `arn:aws:s3:::${bucketName(id)}` };
      case 'AWS::IAM::Role':
        return { Ref: id, Arn: `arn:aws:iam::${accountId}:role/${id}` };
      case 'AWS::SQS::Queue':
        return {
          Ref: `https://sqs.${region}.amazonaws.com/${accountId}/${id}`,
          Arn: `arn:aws:sqs:${region}:${accountId}:${id}`,
          QueueName: id,
        };
      case 'AWS::Lambda::Url':
        return { Ref: id, FunctionUrl: `https://${id.toLowerCase()}.lambda-url.${region}.on.aws/` };
      case 'AWS::ApiGatewayV2::Api':
        return { Ref: 'local', ApiEndpoint: API_URL };
      default: {
        const service = Type.split('::')[1]!.toLowerCase();
        const Arn = `arn:aws:${service}:${region}:${accountId}:${id}`;
        return { Ref: service === 'sns' ? Arn : id, Arn };
      }
    }
  }

  const main = Outputs.BucketName && (Outputs.BucketName.Value as { Ref?: string }).Ref;
  function bucketName(id: string): string {
    return id === main ? 'arvoredo' : id.toLowerCase();
  }

  const policies = ofType('AWS::IAM::Policy').map(([, { Properties = {} }]) => ({
    roles: (expressions.resolve(Properties.Roles) as string[]) ?? [],
    statements: (expressions.resolve(Properties.PolicyDocument) as { Statement: Statement[] }).Statement,
  }));
  const roles = new Map<string, Role>();
  const functions = ofType(FUNCTION)
    .filter(([, { Properties }]) => OURS.test(String(Properties?.Description)))
    .map(([id, { Properties = {} }]) => {
      const name = nameOf(id, Properties.Description);
      const arn = expressions.text(Properties.Role);
      const roleId = arn.slice(arn.lastIndexOf('/') + 1);
      const inline = (expressions.resolve(Resources[roleId]?.Properties?.Policies ?? []) as InlinePolicy[]) ?? [];
      const statements = [
        ...policies.filter(({ roles: named }) => named.includes(roleId)).flatMap(({ statements: each }) => each),
        ...inline.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
      ];
      const accessKeyId = `role-of-${name}`;
      roles.set(accessKeyId, { arn, statements });
      return toLocalFunction(name, Properties, { arn, accessKeyId });
    });
  if (functions.length === 0) throw new InputError(`stack ${stackName} has no functions of arvoredo`);

  function toLocalFunction(
    name: string,
    Properties: NonNullable<Resource['Properties']>,
    role: LocalFunction['role'],
  ): LocalFunction {
    const properties = expressions.resolve(Properties) as FunctionProperties;
    const ofThis = (type: string) =>
      ofType(type).filter(([, { Properties: other }]) => expressions.text(other?.FunctionName) === name);
    const [invokeConfig] = ofThis('AWS::Lambda::EventInvokeConfig').map(
      ([, { Properties: config }]) => expressions.resolve(config) as InvokeConfig,
    );
    return {
      name,
      codeDir: assetFolder(properties.Code.S3Key),
      handler: properties.Handler,
      memoryMiB: properties.MemorySize ?? 128,
      timeoutMs: (properties.Timeout ?? 3) * 1000,
      environment: properties.Environment?.Variables ?? {},
      role,
      durable: properties.DurableConfig !== undefined,
      aliases: ofThis('AWS::Lambda::Alias').map(([, { Properties: alias }]) => alias?.Name),
      ...(properties.DurableConfig && { executionTimeoutMs: properties.DurableConfig.ExecutionTimeout * 1000 }),
      ...(properties.EphemeralStorage && { ephemeralStorageMiB: properties.EphemeralStorage.Size }),
      reservedConcurrency: properties.ReservedConcurrentExecutions,
      maxRetries: invokeConfig?.MaximumRetryAttempts,
      ...(invokeConfig?.MaximumEventAgeInSeconds && { maxEventAgeMs: invokeConfig.MaximumEventAgeInSeconds * 1000 }),
    };
  }

  const buckets = ofType('AWS::S3::Bucket');
  const bucketPolicies = ofType('AWS::S3::BucketPolicy').map(([, { Properties = {} }]): [string, Statement[]] => [
    `arn:aws:s3:::${expressions.text(Properties.Bucket)}`,
    (expressions.resolve(Properties.PolicyDocument) as { Statement: Statement[] }).Statement,
  ]);
  const bucketKeys = buckets.flatMap(([id, { Properties = {} }]): [string, string][] => {
    const [rule] = Properties.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const key = rule?.ServerSideEncryptionByDefault?.KMSMasterKeyID;
    return key === undefined ? [] : [[`arn:aws:s3:::${bucketName(id)}`, expressions.text(key)]];
  });

  return {
    stackName,
    functions,
    buckets: buckets.map(([id]) => bucketName(id)),
    routes: checkedRoutes(),
    functionUrls: ofType('AWS::Lambda::Url').map(([id, { Properties = {} }]) => {
      const functionArn = expressions.text(Properties.TargetFunctionArn);
      const functionName = lambdaName(functionArn);
      const { timeoutMs } = functions.find(({ name }) => name === functionName)!;
      const url = attributesOf(id, Resources[id]!).FunctionUrl!;
      return { url, functionName, functionArn, authorization: Properties.AuthType, timeoutMs };
    }),
    outputs: Object.fromEntries(Object.entries(Outputs).map(([name, { Value }]) => [name, expressions.text(Value)])),
    roles,
    bucketPolicies: new Map(bucketPolicies),
    bucketKeys: new Map(bucketKeys),
  };

  /** Routes, each of which API Gateway may lead to the function that answers them. */
  function checkedRoutes(): HttpRoute[] {
    const permissions = ofType('AWS::Lambda::Permission').map(
      ([, { Properties }]) => expressions.resolve(Properties) as PermissionProperties,
    );
    return ofType('AWS::ApiGatewayV2::Route').map(([, { Properties = {} }]) => {
      const routeKey: string = Properties.RouteKey;
      const [method, path] = routeKey.split(' ') as [string, string];
      const integrationId = expressions.text(Properties.Target).replace('integrations/', '');
      const target = expressions.text(Resources[integrationId]?.Properties?.IntegrationUri);
      const source = `arn:aws:execute-api:${region}:${accountId}:local/$default/${method}${path}`;
      const isAllowed = permissions.some(
        ({ FunctionName, Principal, Action, SourceArn }) =>
          [target, lambdaName(target)].includes(FunctionName) &&
          Principal === 'apigateway.amazonaws.com' &&
          Action === 'lambda:InvokeFunction' &&
          (SourceArn === undefined || covers(SourceArn.replace(/\{[^}]+\}/g, '*'), source)),
      );
      if (!isAllowed)
        throw new InputError(`route ${routeKey}: API Gateway may not invoke ${target}: no permission says so`);
      return { routeKey, authorization: Properties.AuthorizationType ?? 'NONE' };
    });
  }
}

interface InlinePolicy {
  PolicyDocument: { Statement: Statement[] };
}

/** What is read of a function's properties. */
interface FunctionProperties {
  Code: { S3Key: string };
  Handler: string;
  MemorySize?: number;
  Timeout?: number;
  Environment?: { Variables: Record<string, string> };
  DurableConfig?: { ExecutionTimeout: number };
  EphemeralStorage?: { Size: number };
  ReservedConcurrentExecutions?: number;
}

interface InvokeConfig {
  MaximumRetryAttempts?: number;
  MaximumEventAgeInSeconds?: number;
}

interface PermissionProperties {
  FunctionName: string;
  Principal: string;
  Action: string;
  SourceArn?: string;
}

/** Names are as those of the emulator without a template, so that clients need not know which it is. */
function nameOf(id: string, description: unknown): string {
  const own = OURS.exec(String(description))?.[1];
  return own === undefined ? id : `arvoredo-${own}`;
}

function lambdaName(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
