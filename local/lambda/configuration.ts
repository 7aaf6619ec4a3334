// Functions as GetFunction, GetFunctionConfiguration and ListFunctions describe them.

import { EPHEMERAL_STORAGE_MIB, EXECUTION_TIMEOUT_MS, RETENTION_MS } from './limits.ts';
import type { FunctionNames, FunctionTarget } from './names.ts';

export function describeFunction(names: FunctionNames, { fn, version, qualifier }: FunctionTarget) {
  const executionTimeoutMs = fn.executionTimeoutMs ?? EXECUTION_TIMEOUT_MS;
  return {
    FunctionName: fn.name,
    FunctionArn: names.arn(fn.name, qualifier),
    Version: version,
    Runtime: 'nodejs24.x',
    Role: fn.role?.arn ?? 'arn:aws:iam::000000000000:role/local',
    Handler: fn.handler,
    CodeSize: 0,
    CodeSha256: '',
    Timeout: Math.ceil(fn.timeoutMs / 1000),
    MemorySize: fn.memoryMiB,
    EphemeralStorage: { Size: fn.ephemeralStorageMiB ?? EPHEMERAL_STORAGE_MIB },
    LastModified: '1970-01-01T00:00:00.000+0000',
    Environment: { Variables: fn.environment },
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: ['arm64'],
    ...(fn.durable && {
      DurableConfig: { ExecutionTimeout: executionTimeoutMs / 1000, RetentionPeriodInDays: RETENTION_MS / 86_400_000 },
    }),
  };
}
