// The services of an emulator, in the order in which they start: each uses those before it.

import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { functionOfRoute } from '../../functions/routes.ts';
import { isDirectoryBucket } from '../../lib/aws/s3-send.ts';
import { PRICES } from '../../lib/plan/prices.ts';
import type { Chaos } from '../chaos/chaos.ts';
import { lambdaFaults, s3Faults } from '../chaos/injection-points.ts';
import { startWatch, type Watch } from '../dashboard/dashboard.ts';
import type { EventLog } from '../dashboard/event-log.ts';
import { startDashboard } from '../dashboard/server.ts';
import { listenNear } from '../http/ports.ts';
import type { LocalServer } from '../http/serve.ts';
import type { ServiceList } from '../http/service-list.ts';
import { type Authorize, createAuthorizer } from '../iam/authorizer.ts';
import type { LambdaService } from '../lambda/options.ts';
import { startLambdaService } from '../lambda/service.ts';
import { type S3Server, startS3Server } from '../s3/server.ts';
import type { Deployment } from '../template/deployment.ts';
import type { TemplateRoute } from '../template/routes.ts';
import { API_URL } from '../template/stack.ts';
import { startCloudFormation } from './cloudformation.ts';
import type { EventHub } from './event-hub.ts';
import { startHttpApi } from './http-api.ts';
import { ALIAS, functionName, limitWorkers, manifestFunctions } from './local-functions.ts';
import { BUCKET, type EmulatorOptions, LOCAL_CREDENTIALS, LOCAL_REGION } from './options.ts';

const STACK = 'Arvoredo';
/** Concurrency slots for the functions that reserve none, such as the orchestrator and the API. */
const UNRESERVED_CONCURRENCY = 16;
/** Idle sandboxes that are kept in addition to one for each worker: for the orchestrator and the API. */
const EXTRA_SANDBOXES = 2;
/** Each service has its port of the group that begins at `EmulatorOptions.port`; function URLs follow the last. */
const PORT_OFFSETS = { s3: 0, lambda: 1, api: 2, cloudFormation: 3, functionUrls: 4 };

/** What every service is started with. */
export interface EmulatorSetup {
  options: EmulatorOptions;
  /** Absolute. */
  dataDir: string;
  /** Maximum concurrent invocations of workers on this machine. */
  workers: number;
  /** Undefined without a template. */
  deployed?: Deployment;
  services: ServiceList;
  events: EventHub;
  chaos?: Chaos;
}

export interface StartedServices {
  s3: S3Server;
  lambda: LambdaService;
  api: LocalServer;
  cloudFormation: LocalServer;
  /** Names of the functions. */
  functions: string[];
  orchestratorArn: string;
  stack: string;
}

export async function startServices(setup: EmulatorSetup): Promise<StartedServices> {
  const { deployed } = setup;
  const authorize = deployed && createAuthorizer(deployed);
  const s3 = await startS3(setup, authorize);
  const { lambda, functions } = await startLambda(setup, authorize, s3.url);
  const orchestratorArn = lambda.functionArn(functionName('orchestrator'), ALIAS);
  const stack = deployed?.stackName ?? STACK;
  const { api, addresses } = await startApis(setup, authorize, lambda.url);
  const outputs = deployed
    ? mapValues(deployed.outputs, (text) => replaceAll(text, addresses))
    : { BucketName: BUCKET, OrchestratorArn: orchestratorArn, ApiUrl: api.url };
  const cloudFormation = await listenNear(setup.options.port, PORT_OFFSETS.cloudFormation, (port) =>
    startCloudFormation({ port, stacks: { [stack]: outputs } }),
  );
  setup.services.add(cloudFormation);
  return { s3, lambda, api, cloudFormation, functions, orchestratorArn, stack };
}

/** Start the dashboard's server, if the options name a port. */
export async function startDashboardServer(
  { options: { dashboardPort, distDir }, services }: EmulatorSetup,
  log: EventLog,
): Promise<LocalServer | undefined> {
  if (dashboardPort === undefined) return undefined;
  const pageDir = join(distDir, 'dashboard');
  const dashboard = await listenNear(dashboardPort, 0, (port) =>
    startDashboard({ port, pageDir, eventsFile: log.path, from: log.start }),
  );
  return services.add(dashboard);
}

/** Start S3, create the buckets, and begin to watch what runs write to them. */
async function startS3(setup: EmulatorSetup, authorize: Authorize | undefined): Promise<S3Server> {
  const { options, dataDir, deployed, services, events, chaos } = setup;
  // undefined until the buckets exist: creating them is not an event
  let watch: Watch | undefined;
  const s3 = await listenNear(options.port, PORT_OFFSETS.s3, (port) =>
    startS3Server({
      dataDir: join(dataDir, 's3'),
      port,
      authorize,
      onRequest(info) {
        const { creation, key } = info;
        watch?.onRequest(info);
        if (creation && key) events.emit({ type: 'creation', outcome: creation, key, atMs: Date.now() });
      },
      faultOf: chaos && s3Faults(chaos),
    }),
  );
  services.add(s3);
  for (const bucket of deployed?.buckets ?? [BUCKET]) await createBucket(s3.url, bucket);
  const main = deployed?.outputs.BucketName ?? BUCKET;
  // a template may have others, for its access logs
  const watched = [main, ...(deployed?.buckets ?? []).filter(isDirectoryBucket)];
  watch = services.add(startWatch(watched, (key) => s3.read(main, key), events.emit));
  events.add(watch.onEvent);
  return s3;
}

async function startLambda(
  setup: EmulatorSetup,
  authorize: Authorize | undefined,
  s3Url: string,
): Promise<{ lambda: LambdaService; functions: string[] }> {
  const { options, dataDir, workers, deployed, services, events, chaos } = setup;
  const functions = [
    ...(deployed?.functions ?? manifestFunctions(options.distDir)).map((fn) => limitWorkers(fn, workers)),
    ...(options.functions ?? []).map((fn) => ({ ...fn, reservedConcurrency: workers })),
  ];
  const numReserved = functions.reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
  events.emit({
    type: 'emulatorStarted',
    atMs: Date.now(),
    workers,
    functions: functions.map(({ name, memoryMiB }) => ({ name, memoryMiB })),
    usd: PRICES.usd,
  });
  const lambda = await listenNear(options.port, PORT_OFFSETS.lambda, (port) =>
    startLambdaService({
      functions,
      dataDir: join(dataDir, 'lambda'),
      port,
      environment: {
        ...(!deployed && { BUCKET }), // a template sets it for each function
        AWS_ENDPOINT_URL_S3: s3Url,
        SHARED_CORES: '1',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      },
      region: LOCAL_REGION,
      maxConcurrency: numReserved + UNRESERVED_CONCURRENCY,
      maxSandboxes: workers + EXTRA_SANDBOXES,
      runtimePath: join(options.distDir, 'runtime.mjs'),
      sandboxesPer10s: options.sandboxesPer10s,
      duplicates: options.duplicates,
      resumes: options.resumes,
      authorize,
      onBroken: options.onBroken,
      onEvent: events.emit,
      faults: chaos && lambdaFaults(chaos),
    }),
  );
  return { lambda: services.add(lambda), functions: functions.map(({ name }) => name) };
}

/** Start the HTTP API and the function URLs. @returns also the addresses that take the place of those in the outputs */
async function startApis(
  { options: { port }, deployed, services }: EmulatorSetup,
  authorize: Authorize | undefined,
  lambdaUrl: string,
): Promise<{ api: LocalServer; addresses: Map<string, string> }> {
  const findFunction = deployed ? toLookup(deployed.routes) : (key: string) => functionName(functionOfRoute(key));
  const invoke = invoker(lambdaUrl, findFunction);
  const api = await listenNear(port, PORT_OFFSETS.api, (free) =>
    startHttpApi({ port: free, routes: deployed?.routes, authorize, invoke }),
  );
  services.add(api);
  const addresses = new Map([[API_URL, api.url]]);
  for (const [i, functionUrl] of (deployed?.functionUrls ?? []).entries()) {
    const { url, functionName: name, functionArn, authorization, timeoutMs } = functionUrl;
    const listener = await listenNear(port, PORT_OFFSETS.functionUrls + i, (free) =>
      startHttpApi({
        port: free,
        routes: [{ routeKey: '$default', authorization }],
        timeoutMs,
        authorize,
        permissionOf: () => ['lambda:InvokeFunctionUrl', functionArn],
        invoke: invoker(lambdaUrl, () => name),
      }),
    );
    services.add(listener);
    addresses.set(url, `${listener.url}/`);
  }
  return { api, addresses };
}

/** The function that a template has behind each of its routes. */
function toLookup(routes: readonly TemplateRoute[]): (routeKey: string) => string {
  const names = new Map(routes.map((route) => [route.routeKey, route.functionName]));
  return (routeKey) => names.get(routeKey)!;
}

function replaceAll(text: string, replacements: ReadonlyMap<string, string>): string {
  for (const [from, to] of replacements) text = text.replace(from, to);
  return text;
}

function mapValues(record: Record<string, string>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

async function createBucket(endpoint: string, bucket: string): Promise<void> {
  const access = { endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS };
  // the SDK requests a session even for a directory bucket that does not exist yet
  const client = new S3Client({ ...access, disableS3ExpressSessionAuth: true });
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error;
  } finally {
    client.destroy();
  }
}

/** Invoke a function as API Gateway does. */
function invoker(endpoint: string, findFunction: (routeKey: string) => string) {
  const client = new LambdaClient({ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 });
  return async (event: APIGatewayProxyEventV2) => {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: findFunction(event.routeKey), Payload: JSON.stringify(event) }),
    );
    return { payload: Payload ?? new Uint8Array(), functionError: FunctionError };
  };
}
