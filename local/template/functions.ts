// The functions of a template, and their roles.

import type { Role } from '../iam/authorizer.ts';
import type { Statement } from '../iam/evaluate.ts';
import type { LocalFunction } from '../lambda/options.ts';
import type { Assembly } from './assembly.ts';
import type { Stack } from './stack.ts';

/** The properties of a function that are read. */
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
  DestinationConfig?: { OnFailure?: { Destination: string } };
}

interface PolicyProperties {
  Roles?: string[];
  PolicyDocument: { Statement: Statement[] };
}

export function readFunctions(stack: Stack, assetFolder: Assembly['assetFolder']): LocalFunction[] {
  return stack.functions().map(([id, properties]) => {
    const name = stack.attributes(id).Ref;
    const read = stack.resolve<FunctionProperties>(properties);
    const ofThis = (type: string) =>
      stack.ofType(type).filter(([, { FunctionName }]) => stack.text(FunctionName) === name);
    const [invokeConfig = {}] = ofThis('AWS::Lambda::EventInvokeConfig').map(([, each]) =>
      stack.resolve<InvokeConfig>(each),
    );
    const { MaximumRetryAttempts: maxRetries, MaximumEventAgeInSeconds: maxAge, DestinationConfig } = invokeConfig;
    return {
      name,
      codeDir: assetFolder(read.Code.S3Key),
      handler: read.Handler,
      memoryMiB: read.MemorySize ?? 128,
      timeoutMs: (read.Timeout ?? 3) * 1000,
      environment: read.Environment?.Variables ?? {},
      role: { arn: stack.text(properties.Role), accessKeyId: accessKeyOf(name) },
      durable: read.DurableConfig !== undefined,
      aliases: ofThis('AWS::Lambda::Alias').map(([, { Name }]) => Name),
      ...(read.DurableConfig && { executionTimeoutMs: read.DurableConfig.ExecutionTimeout * 1000 }),
      ...(read.EphemeralStorage && { ephemeralStorageMiB: read.EphemeralStorage.Size }),
      reservedConcurrency: read.ReservedConcurrentExecutions,
      maxRetries,
      ...(DestinationConfig?.OnFailure && { onFailure: DestinationConfig.OnFailure.Destination }),
      ...(maxAge && { maxEventAgeMs: maxAge * 1000 }),
    };
  });
}

/** Roles of the functions, with the statements of all their policies, by the access key of their sandboxes. */
export function readRoles(stack: Stack): Map<string, Role> {
  const policies = stack.ofType('AWS::IAM::Policy').map(([, each]) => stack.resolve<PolicyProperties>(each));
  return new Map(
    stack.functions().map(([id, properties]) => {
      const arn = stack.text(properties.Role);
      const roleId = arn.slice(arn.lastIndexOf('/') + 1);
      const inline = stack.resolve<PolicyProperties[]>(stack.properties(roleId).Policies ?? []);
      const own = policies.filter(({ Roles = [] }) => Roles.includes(roleId));
      const statements = [...own, ...inline].flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
      return [accessKeyOf(stack.attributes(id).Ref), { arn, statements }];
    }),
  );
}

const accessKeyOf = (functionName: string) => `role-of-${functionName}`;
