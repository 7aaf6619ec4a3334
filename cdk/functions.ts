// The Lambda functions, each with its own role and log group.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  BUNDLE_NAMES,
  bundleOf,
  FUNCTION_NAMES,
  FUNCTIONS,
  type FunctionName,
  type FunctionSpec,
  functionVariable,
  HANDLER,
  WORKER_NAMES,
} from '../functions/manifest.ts';
import { KEPT_DAYS } from '../lib/cost.ts';
import { InputError } from '../lib/errors.ts';
import { GRANTS } from './grants.ts';

export interface FunctionsProps {
  bucket: IBucket;
  /** Folder that holds `<function>/index.mjs`, as `npm run build` makes it. */
  bundleDir: string;
}

export class Functions extends Construct {
  readonly byName: Record<FunctionName, lambda.Function>;
  /** What starts a run: a durable function is invoked by a qualified ARN only. */
  readonly orchestratorAlias: lambda.Alias;

  /** @throws {InputError} when a bundle is missing */
  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    checkBundles(props.bundleDir);
    // "modifying an existing lambda to use durability will trigger a resource replacement": ours is born durable
    Annotations.of(this).acknowledgeInfo('aws-lambda:Function.DurableConfig');
    const entries = FUNCTION_NAMES.map((name) => [name, this.#create(name, props)]);
    this.byName = Object.fromEntries(entries) as Record<FunctionName, lambda.Function>;
    const { orchestrator, api } = this.byName;
    this.orchestratorAlias = new lambda.Alias(this, 'Live', {
      aliasName: 'live',
      version: orchestrator.currentVersion,
      // a failed run is reported, not run again; on the function itself this would hold for $LATEST only
      retryAttempts: 0,
    });
    for (const name of WORKER_NAMES) {
      orchestrator.addEnvironment(functionVariable(name), this.byName[name].functionName);
    }
    api.addEnvironment('ORCHESTRATOR_ARN', this.orchestratorAlias.functionArn);
    this.#grantCheckpoints(orchestrator);
    this.#grantSlices(orchestrator);
    for (const name of FUNCTION_NAMES) {
      for (const target of GRANTS[name].invoke ?? []) this.#grantInvoke(this.byName[name].role!, target);
    }
  }

  #create(name: FunctionName, { bucket, bundleDir }: FunctionsProps): lambda.Function {
    const { memoryMiB, timeoutSeconds, durable }: FunctionSpec = FUNCTIONS[name];
    const id = name[0]!.toUpperCase() + name.slice(1);
    const logGroup = new logs.LogGroup(this, `${id}Logs`, {
      retention: logs.RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, `${id}Role`, {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    grantBucket(role, bucket, name);
    // no function name is set: a change of durability replaces the function, and a fixed name would be taken
    return new lambda.Function(this, id, {
      description: `arvoredo ${name}`,
      code: lambda.Code.fromAsset(join(bundleDir, bundleOf(name))),
      handler: HANDLER,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: memoryMiB,
      timeout: Duration.seconds(timeoutSeconds),
      durableConfig: durable
        ? { executionTimeout: Duration.days(1), retentionPeriod: Duration.days(KEPT_DAYS.history) }
        : undefined,
      // a run under way replays on the version it started on, so the next deployment must leave that one
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      environment: { BUCKET: bucket.bucketName },
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
    });
  }

  /** AWS's own policy gives this for every durable function of the account, and all log groups. */
  #grantCheckpoints({ role, functionArn }: lambda.Function): void {
    const actions = ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'];
    // a policy of its own: the function waits for its role's default one, which so cannot name the function
    new iam.Policy(this, 'Checkpoints', {
      roles: [role!],
      statements: [new iam.PolicyStatement({ actions, resources: [`${functionArn}:*`] })],
    });
  }

  /** A fan-out of many tasks is divided over executions of the same function, of the version that divides it. */
  #grantSlices({ role, functionArn }: lambda.Function): void {
    new iam.Policy(this, 'Slices', {
      roles: [role!],
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [`${functionArn}:*`] })],
    });
  }

  #grantInvoke(role: iam.IRole, target: FunctionName): void {
    const { functionArn } = this.byName[target];
    if (!FUNCTIONS[target].durable) {
      allow(role, ['lambda:InvokeFunction'], [functionArn]);
      return;
    }
    allow(role, ['lambda:InvokeFunction'], [this.orchestratorAlias.functionArn]);
    // an execution's ARN holds the number of the version, never the alias
    const executions = `${functionArn}:*/durable-execution/*`;
    allow(role, ['lambda:GetDurableExecution', 'lambda:StopDurableExecution'], [executions]);
  }
}

function checkBundles(bundleDir: string): void {
  const missing = BUNDLE_NAMES.filter((name) => !existsSync(join(bundleDir, name, 'index.mjs')));
  if (missing.length > 0) {
    throw new InputError(`no index.mjs for ${missing.join(', ')} under ${bundleDir}; run: npm run build`);
  }
}

function grantBucket(role: iam.IRole, bucket: IBucket, name: FunctionName): void {
  const { read, write, remove = [] } = GRANTS[name];
  const arns = (keys: readonly string[]) => keys.map((key) => bucket.arnForObjects(key));
  allow(role, ['s3:GetObject'], arns(read));
  allow(role, ['s3:PutObject'], arns(write));
  if (remove.length > 0) allow(role, ['s3:DeleteObject'], arns(remove));
  // no condition on the prefix: a GetObject has none, and without this right S3 answers 403 for an object that is not there
  allow(role, ['s3:ListBucket'], [bucket.bucketArn]);
}

function allow(role: iam.IRole, actions: string[], resources: string[]): void {
  role.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources }));
}
