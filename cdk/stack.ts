// The stack: a bucket, the functions, the HTTP API. It names no account and no region.

import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { KEPT_DAYS } from '../lib/cost.ts';
import { InputError } from '../lib/errors.ts';
import { Api } from './api.ts';
import { Functions } from './functions.ts';
import { Store } from './store.ts';

export interface ArvoredoStackProps extends StackProps {
  /** Folder that holds `<function>/index.mjs`, as `npm run build` makes it. */
  bundleDir: string;
  /** What becomes of the bucket with the stack: kept, or emptied and deleted. @default 'retain' */
  removal?: 'retain' | 'destroy';
  /** Days after which a run's objects expire, from 1 up. @default 30 */
  expireAfterDays?: number;
}

export class ArvoredoStack extends Stack {
  /** @throws {InputError} when a value is not allowed or a bundle is missing */
  constructor(scope: Construct, id: string, props: ArvoredoStackProps) {
    const { bundleDir, removal = 'retain', expireAfterDays = KEPT_DAYS.objects, ...stackProps } = props;
    if (removal !== 'retain' && removal !== 'destroy') {
      throw new InputError(`removal must be retain or destroy, got ${removal}`);
    }
    if (!Number.isInteger(expireAfterDays) || expireAfterDays < 1) {
      throw new InputError(`expireAfterDays must be a whole number from 1 up, got ${expireAfterDays}`);
    }
    super(scope, id, { description: 'arvoredo: random forests over serverless functions', ...stackProps });
    const { bucket } = new Store(this, 'Store', { removal, expireAfterDays });
    const { byName, orchestratorAlias } = new Functions(this, 'Functions', { bucket, bundleDir });
    const api = new Api(this, 'Api', byName);

    // scripts and `arvoredo run --on aws` find the deployment by these names
    const outputs = {
      BucketName: bucket.bucketName,
      OrchestratorArn: orchestratorAlias.functionArn,
      ApiUrl: api.url,
      GenerateFunction: byName.generate.functionName,
      SplitFunction: byName.split.functionName,
      TrainFunction: byName.train.functionName,
      EvaluateFunction: byName.evaluate.functionName,
      ApiFunction: byName.api.functionName,
      PredictFunction: byName.predict.functionName,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
