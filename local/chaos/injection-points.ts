// Where the faults strike: the questions of the local S3 and Lambda, as places and targets.

import { bundleOf } from '../../functions/manifest.ts';
import type { LambdaFaults } from '../lambda/faults.ts';
import type { FaultOf } from '../s3/faults.ts';
import type { Chaos } from './chaos.ts';

const PLACES: Record<string, 'read' | 'write'> = { GetObject: 'read', PutObject: 'write', UploadPart: 'write' };

/** Faults of requests for objects and lists of them. */
export function s3Faults(chaos: Chaos): FaultOf {
  return ({ operation, key }) =>
    key === '' ? undefined : chaos.meet(PLACES[operation] ?? 'other', `${operation} ${key}`);
}

export function lambdaFaults(chaos: Chaos): LambdaFaults {
  return {
    // a task that moves to a larger size of its function stays the same task
    invoke: (functionName, payload) => chaos.meet('invoke', `${bundleOf(functionName)} ${payload}`),
    resume: (functionName, input) => chaos.meet('resume', `${functionName} ${input}`),
    call: (action, functionName, input) => chaos.meet('call', `${action} ${functionName} ${input}`),
  };
}
