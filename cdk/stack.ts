// A whole grove as one stack. It names no account and no region.

import { CfnOutput, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { FUNCTION_NAMES } from '../functions/manifest.ts';
import { addAnomalies } from './anomalies.ts';
import { ArvoredoApi } from './api.ts';
import { addBudget } from './budget.ts';
import { ArvoredoEngine, constructId } from './engine.ts';
import { ArvoredoNetwork } from './network.ts';
import { ArvoredoNotifications } from './notifications.ts';
import { ArvoredoObservability } from './observability.ts';
import { type EnvironmentName, type GroveOptions, resolveStackOptions } from './options.ts';
import { ArvoredoSchedule } from './schedule.ts';
import { ArvoredoStore } from './store.ts';
import { ArvoredoUploads } from './uploads.ts';

export interface ArvoredoStackProps extends Omit<StackProps, 'tags'>, GroveOptions {
  /** Options that are set together; any option given explicitly overrides it. @default none: the default of each option */
  environment?: EnvironmentName;
  /** Folder that holds `<function>/index.mjs`, as `npm run build` makes it. @default the package's own */
  bundleDir?: string;
}

export class ArvoredoStack extends Stack {
  readonly store: ArvoredoStore;
  readonly engine: ArvoredoEngine;
  readonly api: ArvoredoApi;

  /** @throws {InputError} when a value is not allowed or a bundle is missing */
  constructor(scope: Construct, id: string, props: ArvoredoStackProps = {}) {
    const { environment, bundleDir } = props;
    const options = resolveStackOptions(environment, props);
    super(scope, id, {
      description: 'arvoredo: random forests over serverless functions',
      stackName: props.stackName,
      env: props.env,
      synthesizer: props.synthesizer,
      terminationProtection: props.terminationProtection,
    });
    // the CDK writes down that a function waits for its role, which a reference to the role says already
    this.templateOptions.metadata = { 'cfn-lint': { config: { ignore_checks: ['W3005'] } } };
    // one tag for what a grove costs, one for whose it is
    const costTag = { key: 'arvoredo:stack', value: this.stackName };
    const tagging = { excludeResourceTypes: ['AWS::CloudWatch::Dashboard'] }; // not every region takes its tags
    Tags.of(this).add(costTag.key, costTag.value, tagging);
    Tags.of(this).add('arvoredo:environment', environment ?? 'none', tagging);

    const { removal, expireAfterDays, expireDataAfterDays, dataBuckets, accessLogs } = options;
    const { ownKey, logRetention, partitionsZone } = options;
    const { tracing, metrics, maxMemoryMiB, reservedConcurrency } = options;
    const encryptionKey = ownKey
      ? new Key(this, 'Key', {
          enableKeyRotation: true,
          description: `objects of ${this.stackName}`,
          // what is kept must stay readable
          removalPolicy: removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        })
      : undefined;
    this.store = new ArvoredoStore(this, 'Store', {
      removal,
      expireAfterDays,
      expireDataAfterDays,
      dataBuckets,
      accessLogs,
      partitionsZone,
      encryptionKey,
    });
    const network = options.privateNetwork
      ? new ArvoredoNetwork(this, 'Network', { logRetention, hasExpress: partitionsZone !== undefined })
      : undefined;
    const { store } = this;
    this.engine = new ArvoredoEngine(this, 'Engine', {
      store,
      bundleDir,
      logRetention,
      tracing,
      metrics,
      maxMemoryMiB,
      reservedConcurrency,
      network,
    });
    const { functions, orchestratorAlias, failures } = this.engine;
    const { throttle, jwt, corsOrigins } = options;
    this.api = new ArvoredoApi(this, 'Api', { handlers: functions, logRetention, throttle, jwt, corsOrigins });
    this.#addOptional(options, costTag);

    // scripts and `arvoredo run --on aws` find the deployment by these names
    const outputs: Record<string, string> = {
      BucketName: store.bucket.bucketName,
      OrchestratorArn: orchestratorAlias.functionArn,
      ApiUrl: this.api.url,
      FailuresUrl: failures.queueUrl,
      ...(store.partitions && { PartitionsBucketName: store.partitions.ref }),
    };
    for (const name of FUNCTION_NAMES) {
      if (name !== 'orchestrator') outputs[`${constructId(name)}Function`] = functions[name].functionName;
    }
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }

  #addOptional(options: GroveOptions, costTag: { key: string; value: string }): void {
    const { store, engine, api } = this;
    const { functionUrl, alarms = false, dashboard = false, notifications = false } = options;
    const { budget, costAnomalies, schedule, uploads } = options;
    if (functionUrl) {
      const { url } = engine.functions.api.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
      new CfnOutput(this, 'FunctionUrl', { value: url });
    }
    if (alarms || dashboard) {
      const observability = new ArvoredoObservability(this, 'Observability', {
        engine,
        api,
        alarms: alarms !== false,
        dashboard,
        email: readEmail(alarms),
      });
      if (observability.topic) new CfnOutput(this, 'AlarmTopic', { value: observability.topic.topicArn });
    }
    if (budget) addBudget(this, budget, costTag);
    if (costAnomalies) addAnomalies(this, costAnomalies, costTag);
    const starter = { handler: engine.functions.start, failures: engine.failures };
    if (schedule) new ArvoredoSchedule(this, 'Schedule', { ...schedule, ...starter });
    if (uploads) new ArvoredoUploads(this, 'Uploads', { ...uploads, ...starter, store });
    if (notifications) {
      const { topic } = new ArvoredoNotifications(this, 'Notifications', { engine, email: readEmail(notifications) });
      new CfnOutput(this, 'RunTopic', { value: topic.topicArn });
    }
  }
}

function readEmail(option: boolean | { email: string }): string | undefined {
  return typeof option === 'object' ? option.email : undefined;
}
