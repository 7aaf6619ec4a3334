// An emulator as the backend of a run.

import { makeTarget, type Target } from '../../lib/aws/target.ts';
import { type EmulatorInfo, LOCAL_CREDENTIALS, LOCAL_REGION } from '../emulator/options.ts';

export { type StackTarget, stackTarget, type Target } from '../../lib/aws/target.ts';

export function localTarget({ s3, lambda, bucket, orchestratorArn }: EmulatorInfo): Target {
  const access = { region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  return makeTarget({ bucket, orchestratorArn }, { ...access, endpoint: s3 }, { ...access, endpoint: lambda });
}
