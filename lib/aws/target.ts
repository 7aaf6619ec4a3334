// Where a run goes: an emulator here, or a stack on AWS. From here on they are the same to the client.

import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { LambdaClientConfig } from '@aws-sdk/client-lambda';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { InputError } from '../base/errors.ts';
import type { Orchestrator } from '../fanout/orchestrator.ts';
import type { Store } from '../store/store.ts';
import { type Invoke, lambdaInvoker } from './lambda-invoker.ts';
import { lambdaOrchestrator } from './lambda-orchestrator.ts';
import { withPartitions } from './partition-store.ts';
import { s3Upload } from './s3-objects.ts';
import { s3Store } from './s3-store.ts';

export interface Target {
  store: Store;
  orchestrator: Orchestrator;
  bucket: string;
  /** Invoke a function once, and wait for its answer. */
  invoke: Invoke;
  /** Put a local file under a key, unless there is an object. */
  uploadFile(file: string, key: string): Promise<void>;
}

/** A deployed stack, which has an HTTP API too. */
export interface StackTarget extends Target {
  apiUrl: string;
  /** Names of the deployed functions, by what we call them: `generate`. */
  functions: Record<string, string>;
  /** Only where the stack was asked for one. */
  functionUrl?: string;
}

/** Which of the accounts and regions that the SDK knows of; its default chain where nothing is said. */
export interface AwsAccess {
  region?: string;
  profile?: string;
}

/**
 * Find a deployed stack. Region, credentials and endpoints come from the SDK's default chain, but for what is given.
 *
 * @throws {InputError} when the stack does not exist, lacks the outputs of this project, or no region is set
 */
export async function stackTarget(stackName: string, access: AwsAccess = {}): Promise<StackTarget> {
  const client = new CloudFormationClient(access);
  const outputs = await client.send(new DescribeStacksCommand({ StackName: stackName })).then(
    ({ Stacks }) => new Map(Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
    async (error: unknown) => {
      if (error instanceof Error && /does not exist/.test(error.message)) {
        throw new InputError(
          `stack ${stackName} does not exist in ${await client.config.region()} of this account; run npm run deploy, or name another stack or region`,
        );
      }
      if (error instanceof Error && /^Region is missing/.test(error.message)) {
        throw new InputError('no AWS region is set; give a region, set AWS_REGION, or put one into the profile');
      }
      throw error;
    },
  );
  const output = (name: string) => {
    const value = outputs.get(name);
    if (!value)
      throw new InputError(
        `stack ${stackName} has no output ${name}: it is not an arvoredo stack, or of another version`,
      );
    return value;
  };
  const names = {
    bucket: output('BucketName'),
    orchestratorArn: output('OrchestratorArn'),
    partitions: outputs.get('PartitionsBucketName'),
  };
  return {
    ...makeTarget(names, access, access),
    apiUrl: output('ApiUrl'),
    functions: listFunctions(outputs, names.orchestratorArn),
    functionUrl: outputs.get('FunctionUrl'),
  };
}

/** The stack has an output for each: `TrainLargeFunction`; the orchestrator's has its ARN, with an alias at the end. */
function listFunctions(outputs: ReadonlyMap<string | undefined, string | undefined>, orchestratorArn: string) {
  const functions: Record<string, string> = { orchestrator: orchestratorArn.split(':')[6] };
  for (const [output, deployed] of outputs) {
    const [, first, rest] = /^([A-Z])(\w*)Function$/.exec(output ?? '') ?? [];
    if (first !== undefined && deployed !== undefined) functions[`${first.toLowerCase()}${rest}`] = deployed;
  }
  return functions;
}

/**
 * Clients of one bucket and one orchestrator.
 *
 * @param names `partitions`: directory bucket with the partitions of rows, if they are in a separate bucket
 */
export function makeTarget(
  { bucket, orchestratorArn, partitions }: { bucket: string; orchestratorArn: string; partitions?: string },
  forS3: S3ClientConfig,
  forLambda: LambdaClientConfig,
): Target {
  const main = s3Store(bucket, forS3);
  return {
    store: partitions === undefined ? main : withPartitions(main, s3Store(partitions, forS3)),
    orchestrator: lambdaOrchestrator(orchestratorArn, forLambda),
    bucket,
    invoke: lambdaInvoker(forLambda),
    uploadFile: (file, key) => s3Upload(bucket, file, key, forS3),
  };
}
