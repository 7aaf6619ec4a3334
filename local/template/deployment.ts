// A stack as the emulator deploys it: functions, buckets, routes, outputs and permissions.

import { InputError } from '../../lib/base/errors.ts';
import type { Role } from '../iam/authorizer.ts';
import type { Statement } from '../iam/evaluate.ts';
import type { LocalFunction } from '../lambda/options.ts';
import type { Assembly } from './assembly.ts';
import type { TemplateScope } from './expressions.ts';
import { readFunctions, readRoles } from './functions.ts';
import { type FunctionUrl, readFunctionUrls, readRoutes, type TemplateRoute } from './routes.ts';
import { Stack } from './stack.ts';

export interface Deployment {
  stackName: string;
  functions: LocalFunction[];
  /** Names of the buckets. */
  buckets: string[];
  routes: TemplateRoute[];
  functionUrls: FunctionUrl[];
  outputs: Record<string, string>;
  /** Roles of the functions, by the access key of their sandboxes. */
  roles: Map<string, Role>;
  /** Statements of the policies of buckets, and the key that encrypts their objects, by the bucket's ARN. */
  bucketPolicies: Map<string, Statement[]>;
  bucketKeys: Map<string, string>;
}

/**
 * @param scope region must be us-east-1
 * @throws {InputError} when the template uses what the emulator does not support, or has a mistake that AWS would reject
 */
export function deploy(assembly: Assembly, scope: Omit<TemplateScope, 'stackName'>): Deployment {
  const { stackName, template } = assembly;
  const stack = new Stack(assembly, scope);
  const functions = readFunctions(stack, assembly.assetFolder);
  if (functions.length === 0) throw new InputError(`stack ${stackName} has no functions of arvoredo`);
  const buckets = stack.ofType('AWS::S3::Bucket');
  return {
    stackName,
    functions,
    buckets: [...buckets, ...stack.ofType('AWS::S3Express::DirectoryBucket')].map(([id]) => stack.attributes(id).Ref),
    routes: readRoutes(stack, scope),
    functionUrls: readFunctionUrls(stack, new Map(functions.map(({ name, timeoutMs }) => [name, timeoutMs]))),
    outputs: Object.fromEntries(
      Object.entries(template.Outputs ?? {}).map(([name, { Value }]) => [name, stack.text(Value)]),
    ),
    roles: readRoles(stack),
    bucketPolicies: new Map(
      stack
        .ofType('AWS::S3::BucketPolicy')
        .map(([, { Bucket, PolicyDocument }]) => [
          `arn:aws:s3:::${stack.text(Bucket)}`,
          stack.resolve<{ Statement: Statement[] }>(PolicyDocument).Statement,
        ]),
    ),
    bucketKeys: new Map(
      buckets.flatMap(([id, { BucketEncryption }]): [string, string][] => {
        const [rule] = BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
        const key = rule?.ServerSideEncryptionByDefault?.KMSMasterKeyID;
        return key === undefined ? [] : [[stack.attributes(id).Arn, stack.text(key)]];
      }),
    ),
  };
}
