// Maps requests to the local S3 and Lambda to injection points and targets.

import { bundleName } from '../../functions/manifest.ts';
import type { LambdaFaults } from '../lambda/faults.ts';
import type { FaultOf } from '../s3/faults.ts';
import type { Chaos } from './chaos.ts';

const S3_POINTS: Record<string, 'read' | 'write'> = { GetObject: 'read', PutObject: 'write', UploadPart: 'write' };

/** Faults of requests for objects and lists of them. */
export function s3Faults(chaos: Chaos): FaultOf {
  return ({ operation, key }) =>
    key === '' ? undefined : chaos.meet(S3_POINTS[operation] ?? 'other', `${operation} ${key}`);
}

export function lambdaFaults(chaos: Chaos): LambdaFaults {
  return {
    // a task that moves to a larger memory size of its function stays the same task
    invoke: (functionName, payload) => chaos.meet('invoke', `${bundleName(functionName)} ${payload}`),
    resume: (functionName, input) => chaos.meet('resume', `${functionName} ${input}`),
    call: (action, functionName, input) => chaos.meet('call', `${action} ${functionName} ${input}`),
  };
}
