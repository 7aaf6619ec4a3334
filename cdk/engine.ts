// The Lambda functions, each with its own role and log group.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  BUNDLE_NAMES,
  bundleName,
  FUNCTION_NAMES,
  FUNCTIONS,
  type FunctionName,
  type FunctionSpec,
  functionVariable,
  HANDLER,
  STAGE_FUNCTIONS,
  WORKER_NAMES,
} from '../functions/manifest.ts';
import { check, integer } from '../lib/base/check.ts';
import { InputError } from '../lib/base/errors.ts';
import { KEPT_DAYS } from '../lib/plan/cost.ts';
import { STAGE_NAMES } from '../lib/plan/stage-sizes.ts';
import { acknowledge, acknowledgeWildcards } from './findings.ts';
import { GRANTS } from './grants.ts';
import type { ArvoredoNetwork } from './network.ts';
import { type ArvoredoStore, allow } from './store.ts';

/** Reserved concurrency of the functions, which is also the most that each can run at once. Integers ≥ 1. */
export interface ReservedConcurrency {
  /** Of the orchestrator, where each run that is awake takes one, and the same for the function of its shards. @default none */
  orchestrator?: number;
  /** Of each worker function, at each of its memory sizes. @default none */
  workers?: number;
}

export interface ArvoredoEngineProps {
  /** Where the runs lie. */
  store: ArvoredoStore;
  /** Folder that holds `<function>/index.mjs`, as `npm run build` makes it. @default the package's own `dist/functions` */
  bundleDir?: string;
  /** How long logs are kept. @default one month */
  logRetention?: logs.RetentionDays;
  /**
   * Reserved concurrency, so that workers cannot use up that of the orchestrator, nor a run that of other programs. AWS
   * requires 100 unreserved, so a new account, whose limit is 10, cannot reserve any.
   *
   * @default none
   */
  reservedConcurrency?: ReservedConcurrency;
  /**
   * Most memory of a function in MiB, from 1,769 to 10,240. New accounts may have 3,008; a task that needs more then fails,
   * which the forecast does not foresee.
   *
   * @default 10240
   */
  maxMemoryMiB?: number;
  /** Whether tasks leave metrics of the stack and stage in the log: 0.30 USD a month for each of sixteen. @default false */
  metrics?: boolean;
  /** Whether X-Ray traces invocations, from the trigger to the last worker. @default false */
  tracing?: boolean;
  /** Network of the functions. @default none: Lambda's own, which has S3 and Lambda in reach */
  network?: ArvoredoNetwork;
}

/** The package's own bundles: from here, and from `dist/cdk.mjs`, they are one folder up. */
const OWN_BUNDLES = fileURLToPath(new URL('../dist/functions', import.meta.url));
const DURABLE = 'a durable function has a dead-letter queue; a destination does not receive the end of an execution';
const IS_CALLED = 'invoked synchronously, or by the orchestrator, which sees how it ends and tries again';
/** What a function may have on Lambda; a whole vCPU, which all sizes but those of the API have at least, is the least. */
const MEMORY_MIB = integer(1769, 10_240);
/** Longest time of a run. */
const EXECUTION_TIMEOUT = Duration.days(1);

/** What trains: an orchestrator, the workers that it invokes, and the functions that answer the API. */
export class ArvoredoEngine extends Construct {
  readonly functions: Record<FunctionName, lambda.Function>;
  /** What starts a run: a durable function is invoked by a qualified ARN only. */
  readonly orchestratorAlias: lambda.Alias;
  /** Gets the event of each run that failed, was cancelled or timed out, and of each that could not be started. */
  readonly failures: sqs.Queue;
  /** Whether tasks leave metrics of their stages. */
  readonly hasMetrics: boolean;

  /** @throws {InputError} when a value is not allowed or a bundle is missing */
  constructor(scope: Construct, id: string, props: ArvoredoEngineProps) {
    super(scope, id);
    const { bundleDir = OWN_BUNDLES, reservedConcurrency: { orchestrator: own, workers } = {} } = props;
    checkBundles(bundleDir);
    if (own !== undefined) check('reservedConcurrency.orchestrator', own, integer(1));
    if (workers !== undefined) check('reservedConcurrency.workers', workers, integer(1));
    if (props.maxMemoryMiB !== undefined) check('maxMemoryMiB', props.maxMemoryMiB, MEMORY_MIB);
    // "modifying an existing lambda to use durability will trigger a resource replacement": ours is born durable
    Annotations.of(this).acknowledgeInfo('aws-lambda:Function.DurableConfig');
    this.failures = new sqs.Queue(this, 'Failures', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.failures, 'AwsSolutions-SQS3', 'it is a dead-letter queue itself');
    acknowledge(this.failures, 'Serverless-SQSRedrivePolicy', 'it is a dead-letter queue itself');
    const entries = FUNCTION_NAMES.map((name) => [name, this.#create(name, { ...props, bundleDir })]);
    this.functions = Object.fromEntries(entries) as Record<FunctionName, lambda.Function>;
    const { orchestrator, slices, api, start } = this.functions;
    // a run in progress keeps the workers that its orchestrator was deployed with
    for (const name of WORKER_NAMES) {
      const { functionArn } = this.functions[name].currentVersion;
      for (const durable of [orchestrator, slices]) durable.addEnvironment(functionVariable(name), functionArn);
    }
    orchestrator.addEnvironment('SLICES_FUNCTION', slices.currentVersion.functionArn);
    this.orchestratorAlias = new lambda.Alias(this, 'Live', {
      aliasName: 'live',
      version: orchestrator.currentVersion,
      // a failed run is reported, not run again; on the function itself this would hold for $LATEST only
      retryAttempts: 0,
    });
    acknowledge(this.orchestratorAlias, 'Serverless-LambdaAsyncFailureDestination', DURABLE);
    for (const fn of [api, start]) fn.addEnvironment('ORCHESTRATOR_ARN', this.orchestratorAlias.functionArn);
    for (const name of FUNCTION_NAMES) this.#grantLambda(name);
    this.hasMetrics = props.metrics ?? false;
    if (this.hasMetrics) this.#measureStages();
  }

  #measureStages(): void {
    const { stackName } = Stack.of(this);
    for (const stage of STAGE_NAMES)
      for (const name of STAGE_FUNCTIONS[stage])
        this.functions[name].addEnvironment('METRICS', `${stackName}/${stage}`);
  }

  #create(name: FunctionName, props: ArvoredoEngineProps & { bundleDir: string }): lambda.Function {
    const { store, bundleDir, logRetention = logs.RetentionDays.ONE_MONTH, tracing = false, network } = props;
    const { maxMemoryMiB } = props;
    const { memoryMiB, timeoutSeconds, durable }: FunctionSpec = FUNCTIONS[name];
    const isWorker = (WORKER_NAMES as readonly string[]).includes(name);
    const { orchestrator, workers } = props.reservedConcurrency ?? {};
    const isStart = name === 'start';
    const id = constructId(name);
    const logGroup = new logs.LogGroup(this, `${id}Logs`, {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, `${id}Role`, {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    store.grant(role, GRANTS[name]);
    network?.grant(role);
    // no function name is set: a change of durability replaces the function, and a fixed name would be taken
    const created = new lambda.Function(this, id, {
      // the emulator knows the functions of a template by these words
      description: `arvoredo ${name}`,
      code: lambda.Code.fromAsset(join(bundleDir, bundleName(name))),
      handler: HANDLER,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: Math.min(memoryMiB, maxMemoryMiB ?? memoryMiB),
      timeout: Duration.seconds(timeoutSeconds),
      durableConfig: durable
        ? { executionTimeout: EXECUTION_TIMEOUT, retentionPeriod: Duration.days(KEPT_DAYS.history) }
        : undefined,
      // a durable function is not retried; its end goes to its dead-letter queue, not to a destination
      deadLetterQueue: name === 'orchestrator' ? this.failures : undefined,
      onFailure: isStart ? { bind: () => ({ destination: this.failures.queueArn }) } : undefined,
      reservedConcurrentExecutions: durable ? orchestrator : isWorker ? workers : undefined,
      // a run under way replays on the version it started on, so the next deployment must leave that one; one of a
      // deployment that failed goes, as Lambda would not publish the same code again
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
      environment: {
        BUCKET: store.bucket.bucketName,
        ...(isWorker && store.partitions && { PARTITIONS_BUCKET: store.partitions.ref }),
        ...(durable && maxMemoryMiB !== undefined && { MAX_MEMORY_MIB: String(maxMemoryMiB) }),
      },
      tracing: tracing ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
      ...network?.placement,
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
    });
    if (isStart) allow(role, ['sqs:SendMessage'], [this.failures.queueArn]);
    acknowledgeInvocation(name, created);
    if (!tracing) acknowledge(created, 'Serverless-LambdaTracing', 'an option: tracing; it costs by the trace');
    // X-Ray's actions know no resources
    if (tracing)
      acknowledge(role, 'AwsSolutions-IAM5[Resource::*]', 'X-Ray takes segments for no resource in particular');
    return created;
  }

  /** AWS's own policy gives checkpoints for every durable function of the account, and all log groups. */
  #grantLambda(name: FunctionName): void {
    const { role, functionArn } = this.functions[name];
    const statement = (actions: string[], resources: string[]) => new iam.PolicyStatement({ actions, resources });
    const statements = (GRANTS[name].invoke ?? []).flatMap((target) => {
      const { functionArn: arn } = this.functions[target];
      if (target !== 'orchestrator') return [statement(['lambda:InvokeFunction'], [`${arn}:*`])];
      return [
        statement(['lambda:InvokeFunction'], [this.orchestratorAlias.functionArn]),
        // an execution's ARN holds the number of the version, never the alias
        statement(
          ['lambda:GetDurableExecution', ...(GRANTS[name].stops ? ['lambda:StopDurableExecution'] : [])],
          [`${arn}:*/durable-execution/*`],
        ),
      ];
    });
    if (FUNCTIONS[name].durable) {
      const actions = ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'];
      statements.push(statement(actions, [`${functionArn}:*`]));
    }
    if (statements.length === 0) return;
    // a separate policy: a function depends on its role's default policy, which therefore cannot name that function
    const policy = new iam.Policy(this, `${constructId(name)}Calls`, { roles: [role!], statements });
    const wildcards = statements.flatMap(({ resources }) => resources);
    acknowledgeWildcards(policy, wildcards, 'versions of one function: runs under way keep those they began with');
  }
}

/** Part of the logical ids and outputs of a function: `train` becomes `Train`. */
export function constructId(name: FunctionName): string {
  return name[0].toUpperCase() + name.slice(1);
}

function acknowledgeInvocation(name: FunctionName, created: lambda.Function): void {
  if (name === 'orchestrator') {
    acknowledge(created, 'Serverless-LambdaAsyncFailureDestination', DURABLE);
  } else if (name === 'start') {
    acknowledge(created, 'Serverless-LambdaDLQ', 'the queue is its destination on failure, which records more');
  } else {
    acknowledge(created, 'Serverless-LambdaAsyncFailureDestination', IS_CALLED);
    acknowledge(created, 'Serverless-LambdaDLQ', IS_CALLED);
  }
}

function checkBundles(bundleDir: string): void {
  const missing = BUNDLE_NAMES.filter((name) => !existsSync(join(bundleDir, name, 'index.mjs')));
  if (missing.length > 0) {
    throw new InputError(`no index.mjs for ${missing.join(', ')} under ${bundleDir}; run: npm run build`);
  }
}
