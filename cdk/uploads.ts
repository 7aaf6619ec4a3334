// A run on each data file that is uploaded: S3 notifies EventBridge, which calls the function that starts runs.

import * as events from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { InputError } from '../lib/base/errors.ts';
import type { ArvoredoStore } from './store.ts';
import { checkParams } from './trigger.ts';

export interface UploadOptions {
  /** What the keys of data files begin with, below `data/`, where functions may read. @default 'data/uploads/' */
  prefix?: string;
  /** Parameters of each run, as `POST /runs` takes them without `data`; `label` is required. */
  params: Record<string, unknown>;
}

export interface ArvoredoUploadsProps extends UploadOptions {
  /** Where the files are uploaded to. */
  store: ArvoredoStore;
  /** The function `start` of an engine. */
  handler: IFunction;
  /** Gets events that could not be delivered. */
  failures: IQueue;
}

/** Below `data/`, not all of it: other runs leave their files there too. */
const PREFIX = /^data\/[^*?]+$/;

/** However often an event comes, one version of a file starts one run. */
export class ArvoredoUploads extends Construct {
  /** @throws {InputError} when the prefix is not below `data/`, or the run could not be finished */
  constructor(scope: Construct, id: string, props: ArvoredoUploadsProps) {
    super(scope, id);
    const { store, handler, failures, prefix = 'data/uploads/', params } = props;
    if (!PREFIX.test(prefix)) {
      throw new InputError(`uploads.prefix must be below data/, as in data/uploads/, without * and ?, got ${prefix}`);
    }
    if (params?.data !== undefined) throw new InputError('uploads.params must be without data: the file is the data');
    checkParams('uploads.params', { ...params, data: [`s3://bucket/${prefix}`] });
    const { bucketName } = store.bucket;
    // CloudFormation's own way; `eventBridgeEnabled` of the CDK would bring a function that may change any bucket
    (store.bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    const rule = new events.Rule(this, 'Uploaded', {
      description: 'a data file was uploaded',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [bucketName] },
          // a folder, as consoles make it, is an empty object
          object: { key: events.Match.prefix(prefix), size: [{ numeric: ['>', 0] }] },
        },
      },
    });
    const upload = events.EventField.fromPath('$.detail');
    rule.addTarget(
      new LambdaFunction(handler, {
        event: events.RuleTargetInput.fromObject({ params, upload }),
        deadLetterQueue: failures,
      }),
    );
  }
}
