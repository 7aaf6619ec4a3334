// The stack: a bucket, a worker, a durable orchestrator that may invoke the worker and itself.

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export class WordCountStack extends Stack {
  /** @param code folders with the bundles */
  constructor(scope: Construct, id: string, code: { orchestrator: string; worker: string }) {
    super(scope, id, { description: 'Counts words with the fan-out engine of arvoredo' });
    const bucket = new s3.Bucket(this, 'Bucket', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const common = {
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 512,
      environment: { BUCKET: bucket.bucketName },
    };
    const worker = new lambda.Function(this, 'Worker', {
      ...common,
      code: lambda.Code.fromAsset(code.worker),
      timeout: Duration.minutes(1),
    });
    const orchestrator = new lambda.Function(this, 'Orchestrator', {
      ...common,
      code: lambda.Code.fromAsset(code.orchestrator),
      timeout: Duration.minutes(15),
      durableConfig: { executionTimeout: Duration.days(1), retentionPeriod: Duration.days(1) },
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    orchestrator.addEnvironment('WORKER_FUNCTION', worker.functionName);
    bucket.grantRead(orchestrator, 'texts/*');
    bucket.grantRead(worker, 'texts/*');
    bucket.grantRead(worker, 'counts/*');
    bucket.grantPut(worker, 'counts/*');
    worker.grantInvoke(orchestrator);
    // a fan-out of more than 1,000 tasks is divided over executions of the same function
    new iam.Policy(this, 'Slices', {
      roles: [orchestrator.role!],
      statements: [
        new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [`${orchestrator.functionArn}:*`] }),
      ],
    });
    new lambda.Alias(this, 'Live', { aliasName: 'live', version: orchestrator.currentVersion, retryAttempts: 0 });
  }
}
