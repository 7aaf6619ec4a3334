// The emulator: S3, Lambda, the HTTP API and CloudFormation on 127.0.0.1, running the bundles that are deployed.

import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  bundleOf,
  FUNCTION_NAMES,
  FUNCTIONS,
  functionVariable,
  HANDLER,
  WORKER_NAMES,
} from '../../functions/manifest.ts';
import { functionOfRoute } from '../../functions/routes.ts';
import { isDirectoryBucket } from '../../lib/aws/s3-send.ts';
import { ConflictError, InputError } from '../../lib/base/errors.ts';
import { PRICES } from '../../lib/plan/prices.ts';
import { Chaos } from '../chaos/chaos.ts';
import type { ChaosOptions } from '../chaos/faults.ts';
import { lambdaFaults, s3Faults } from '../chaos/places.ts';
import { startWatch, type Watch } from '../dashboard/dashboard.ts';
import { type EmulatorEvent, openEventLog, readFaults } from '../dashboard/event-log.ts';
import { startDashboard } from '../dashboard/server.ts';
import { listenNear } from '../http/ports.ts';
import { createAuthorizer } from '../iam/authorizer.ts';
import type { DuplicateOptions } from '../lambda/duplicates.ts';
import type { LocalFunction } from '../lambda/options.ts';
import { startLambdaService } from '../lambda/service.ts';
import { startS3Server } from '../s3/server.ts';
import { readAssembly } from '../template/assembly.ts';
import { deploy } from '../template/deployment.ts';
import type { TemplateRoute } from '../template/routes.ts';
import { API_URL } from '../template/stack.ts';
import { startCloudFormation } from './cloudformation.ts';
import { startHttpApi } from './http-api.ts';
import { makeFolder } from './make-folder.ts';

export interface EmulatorOptions {
  /** Folder for objects, journal and sandboxes; one emulator at a time. */
  dataDir: string;
  /** Most invocations of workers at once; a machine runs at most `WORKERS_PER_CORE` for each core, the rest wait. */
  workers: number;
  /** Folder that `npm run build` wrote. */
  distDir: string;
  /** First of the ports to try; without it, any free ones. */
  port?: number;
  /** Whether a durable execution that an earlier emulator left unfinished goes on by itself. @default all do */
  resumes?: (executionName: string) => boolean;
  /** Take functions, limits, routes and rights from what `cdk synth` wrote. @default those of the manifest, without rights */
  template?: { folder: string; stack?: string };
  /** New sandboxes that each function may get in 10 s; AWS gives 1,000. @default no limit */
  sandboxesPer10s?: number;
  /** Invocations that are delivered twice. @default none */
  duplicates?: DuplicateOptions;
  /** Faults to inject. @default none */
  chaos?: ChaosOptions;
  /** Functions beside those of the manifest or the template, each with as many places as there are workers. @default none */
  functions?: readonly LocalFunction[];
  /** First port to try for the live dashboard. @default there is none */
  dashboardPort?: number;
  onEvent?: (event: EmulatorEvent) => void;
  /** Told once, when the journal cannot be written any more: the emulator should be closed. */
  onBroken?: (error: Error) => void;
}

/** Where an emulator listens, and what is in it. What `arvoredo local --json` writes. */
export interface EmulatorInfo {
  pid: number;
  /** Most invocations of workers at once. */
  workers: number;
  lambda: string;
  s3: string;
  api: string;
  cloudFormation: string;
  /** The live dashboard; null where there is none. */
  dashboard: string | null;
  bucket: string;
  /** Names of the functions. */
  functions: string[];
  orchestratorArn: string;
  stack: string;
  /** Faults that it injects; null for none. */
  chaos: ChaosOptions | null;
}

export interface Emulator extends EmulatorInfo {
  /** Tell the log of events of a fault that comes from outside; there where faults are injected. */
  noteFault?: Chaos['note'];
  close(): Promise<void>;
}

export const LOCAL_REGION = 'us-east-1';
/** Any credentials will do: signatures are not checked on the loopback. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
/** More processes than this only take each other's memory and time. */
export const WORKERS_PER_CORE = 8;
const ACCOUNT_ID = '000000000000';
const PLACE = { region: LOCAL_REGION, accountId: ACCOUNT_ID };
export const BUCKET = 'arvoredo';
const STACK = 'Arvoredo';
const ALIAS = 'live';
const functionName = (name: string) => `arvoredo-${name}`;
const INFO_FILE = 'emulator.json';

/**
 * Start everything; the caller closes it.
 *
 * @throws {InputError} when an option cannot be followed
 * @throws {ConflictError} when another process has the folder
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { distDir, port, template, resumes, sandboxesPer10s, duplicates, onEvent, onBroken } = options;
  const workers = Math.min(options.workers, WORKERS_PER_CORE * availableParallelism());
  const dataDir = resolve(options.dataDir);
  const deployed = template && deploy(readAssembly(template.folder, template.stack), PLACE);
  if (!deployed && !existsSync(join(distDir, 'functions'))) {
    throw new InputError(`there are no bundles in ${distDir}; run npm run build`);
  }
  await makeFolder(dataDir).catch((error: Error) => {
    throw new InputError(`--data-dir ${dataDir} cannot be used: ${error.message}`);
  });
  const running = await findEmulator(dataDir);
  if (running)
    throw new ConflictError(
      `an emulator (process ${running.pid}) already uses ${dataDir}; stop it or choose another --data-dir`,
    );

  const authorize = deployed && createAuthorizer(deployed);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    const events = openEventLog(dataDir);
    closers.push(async () => events.close());
    const emit = (event: EmulatorEvent) => {
      events.write(event);
      watch?.onEvent(event);
      onEvent?.(event);
    };
    const { dashboardPort } = options;
    const dashboard =
      dashboardPort === undefined
        ? undefined
        : await listenNear(dashboardPort, 0, (free) =>
            startDashboard({
              port: free,
              pageDir: join(distDir, 'dashboard'),
              eventsFile: events.path,
              from: events.start,
            }),
          );
    closers.push(async () => dashboard?.close());
    let watch: Watch | undefined;
    const chaos = options.chaos && new Chaos(options.chaos, emit, await readFaults(dataDir));

    const s3 = await listenNear(port, 0, (free) =>
      startS3Server({
        dataDir: join(dataDir, 's3'),
        port: free,
        authorize,
        onRequest(info) {
          const { creation, key } = info;
          watch?.onRequest(info);
          if (creation && key) emit({ type: 'creation', outcome: creation, key, atMs: Date.now() });
        },
        faultOf: chaos && s3Faults(chaos),
      }),
    );
    closers.push(() => s3.close());
    for (const bucket of deployed?.buckets ?? [BUCKET]) await createBucket(s3.url, bucket);
    const main = deployed?.outputs.BucketName ?? BUCKET;
    // a template may have others, for its access logs
    const watched = [main, ...(deployed?.buckets ?? []).filter(isDirectoryBucket)];
    watch = startWatch(watched, (key) => s3.read(main, key), emit);
    closers.push(async () => watch?.close());

    const environment = {
      ...(!deployed && { BUCKET }), // a template says it itself
      AWS_ENDPOINT_URL_S3: s3.url,
      SHARED_CORES: '1',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
    const ours = deployed?.functions ?? FUNCTION_NAMES.map((name) => toLocalFunction(name, distDir));
    const functions = [
      ...ours.map((fn) => limitWorkers(fn, workers)),
      ...(options.functions ?? []).map((fn) => ({ ...fn, reservedConcurrency: workers })),
    ];
    const numReserved = functions.reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
    emit({
      type: 'emulatorStarted',
      atMs: Date.now(),
      workers,
      functions: functions.map(({ name, memoryMiB }) => ({ name, memoryMiB })),
      usd: PRICES.usd,
    });
    const lambda = await listenNear(port, 1, (free) =>
      startLambdaService({
        functions,
        dataDir: join(dataDir, 'lambda'),
        port: free,
        environment,
        region: LOCAL_REGION,
        // the orchestrator and the API must find room beside the workers
        maxConcurrency: numReserved + 16,
        maxSandboxes: workers + 2,
        runtimePath: join(distDir, 'runtime.mjs'),
        sandboxesPer10s,
        duplicates,
        resumes,
        authorize,
        onBroken,
        onEvent: emit,
        faults: chaos && lambdaFaults(chaos),
      }),
    );
    closers.push(() => lambda.close());
    const orchestratorArn = lambda.functionArn(functionName('orchestrator'), ALIAS);
    const stack = deployed?.stackName ?? STACK;

    const functionOf = deployed ? toLookup(deployed.routes) : (key: string) => functionName(functionOfRoute(key));
    const api = await listenNear(port, 2, (free) =>
      startHttpApi({ port: free, routes: deployed?.routes, authorize, invoke: invoker(lambda.url, functionOf) }),
    );
    closers.push(() => api.close());

    const addresses = new Map([[API_URL, api.url]]);
    for (const [i, { url, functionArn, ...rest }] of (deployed?.functionUrls ?? []).entries()) {
      const listener = await listenNear(port, 4 + i, (free) =>
        startHttpApi({
          port: free,
          routes: [{ routeKey: '$default', authorization: rest.authorization }],
          timeoutMs: rest.timeoutMs,
          authorize,
          permissionOf: () => ['lambda:InvokeFunctionUrl', functionArn],
          invoke: invoker(lambda.url, () => rest.functionName),
        }),
      );
      closers.push(() => listener.close());
      addresses.set(url, `${listener.url}/`);
    }
    const outputs = deployed
      ? mapValues(deployed.outputs, (text) => replaceAll(text, addresses))
      : { BucketName: BUCKET, OrchestratorArn: orchestratorArn, ApiUrl: api.url };
    const cloudFormation = await listenNear(port, 3, (free) =>
      startCloudFormation({ port: free, stacks: { [stack]: outputs } }),
    );
    closers.push(() => cloudFormation.close());

    const info: EmulatorInfo = {
      pid: process.pid,
      workers,
      lambda: lambda.url,
      s3: s3.url,
      api: api.url,
      cloudFormation: cloudFormation.url,
      dashboard: dashboard?.url ?? null,
      bucket: BUCKET,
      functions: functions.map(({ name }) => name),
      orchestratorArn,
      stack,
      chaos: options.chaos ?? null,
    };
    await writeFile(join(dataDir, INFO_FILE), `${JSON.stringify(info, null, 2)}\n`);
    closers.push(() => rm(join(dataDir, INFO_FILE), { force: true }));
    return { ...info, noteFault: chaos?.note.bind(chaos), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The emulator that uses a folder, if one is up. */
export async function findEmulator(dataDir: string): Promise<EmulatorInfo | undefined> {
  let info: EmulatorInfo;
  try {
    info = JSON.parse(await readFile(join(dataDir, INFO_FILE), 'utf8'));
    process.kill(info.pid, 0);
    const response = await fetch(info.s3);
    return response.headers.has('x-amz-request-id') ? info : undefined;
  } catch {
    return undefined; // no file, a dead process, or another program on its port
  }
}

function toLocalFunction(name: (typeof FUNCTION_NAMES)[number], distDir: string): LocalFunction {
  const { memoryMiB, timeoutSeconds, durable } = FUNCTIONS[name];
  const environment: Record<string, string> = {};
  const aliasOf = (durableName: string) =>
    `arn:aws:lambda:${LOCAL_REGION}:${ACCOUNT_ID}:function:${functionName(durableName)}:${ALIAS}`;
  if (name === 'orchestrator') environment.SLICES_FUNCTION = aliasOf('slices');
  if (durable) {
    for (const worker of WORKER_NAMES) environment[functionVariable(worker)] = functionName(worker);
  }
  if (name === 'api' || name === 'start') environment.ORCHESTRATOR_ARN = aliasOf('orchestrator');
  return {
    name: functionName(name),
    codeDir: resolve(distDir, 'functions', bundleOf(name)),
    handler: HANDLER,
    memoryMiB,
    timeoutMs: timeoutSeconds * 1000,
    environment,
    durable,
    aliases: durable ? [ALIAS] : [],
  };
}

/** This machine's limit on workers, beside what the template reserves. */
function limitWorkers(fn: LocalFunction, workers: number): LocalFunction {
  if (!WORKER_NAMES.some((name) => functionName(name) === fn.name)) return fn;
  return { ...fn, reservedConcurrency: Math.min(fn.reservedConcurrency ?? workers, workers) };
}

/** The function that a template has behind each of its routes. */
function toLookup(routes: readonly TemplateRoute[]): (routeKey: string) => string {
  const names = new Map(routes.map(({ routeKey, functionName }) => [routeKey, functionName]));
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
  // the SDK asks for a session even for a directory bucket that is not there yet
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
function invoker(endpoint: string, functionOf: (routeKey: string) => string) {
  const client = new LambdaClient({ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 });
  return async (event: APIGatewayProxyEventV2) => {
    const { Payload, FunctionError } = await client.send(
      new InvokeCommand({ FunctionName: functionOf(event.routeKey), Payload: JSON.stringify(event) }),
    );
    return { payload: Payload ?? new Uint8Array(), functionError: FunctionError };
  };
}
