// AWS Lambda on 127.0.0.1: real processes, real limits, durable executions. The unmodified SDKs, the aws CLI and boto3
// speak to it through AWS_ENDPOINT_URL_LAMBDA.

import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, integer, numberFrom, type Rule } from '../../lib/base/check.ts';
import { InputError } from '../../lib/base/errors.ts';
import { listen } from '../http/serve.ts';
import { ServiceList } from '../http/service-list.ts';
import { Concurrency } from './concurrency.ts';
import { validateDestination } from './destination.ts';
import { DurableEngine } from './durable/engine.ts';
import { Journal } from './durable/journal.ts';
import { Runs } from './durable/runs.ts';
import { EventQueue, readEvents } from './event-queue.ts';
import { sendError } from './http.ts';
import { EPHEMERAL_STORAGE_MIB, MAX_EVENT_AGE_MS } from './limits.ts';
import { FunctionNames } from './names.ts';
import type { Emit, LambdaService, LambdaServiceOptions, LocalFunction } from './options.ts';
import { SandboxPool } from './pool.ts';
import { ProcessList } from './process-list.ts';
import { type LambdaApi, route } from './routes.ts';

const TEST_HOOKS = { asyncDelayScale: 1 / 60, crashDelayMs: 100 };

/**
 * Start the service and resume the durable executions that its folder holds.
 *
 * @throws {InputError} when an option is out of range or a function cannot run as described
 * @throws {Error} when another service uses the folder, or the port is taken
 */
export async function startLambdaService(options: LambdaServiceOptions): Promise<LambdaService> {
  const { port = 0, region = 'us-east-1', accountId = '000000000000', maxConcurrency = 10, sandboxesPer10s } = options;
  const functions = options.functions.map((fn) => ({ ...fn, codeDir: resolve(fn.codeDir) }));
  validateOptions({ ...options, functions });
  const names = new FunctionNames(functions, region, accountId);
  for (const { name, onFailure } of functions) if (onFailure !== undefined) validateDestination(name, onFailure, names);
  const concurrency = new Concurrency({ functions, accountLimit: maxConcurrency, sandboxesPer10s });

  let api: LambdaApi;
  const server = createServer((request, response) => {
    route(api, request, response).catch((error) => sendError(response, error));
  });
  const actualPort = await listen(server, port);
  const url = `http://127.0.0.1:${actualPort}`;
  const services = new ServiceList();
  const close = () => {
    server.close();
    server.closeAllConnections();
    return services.close();
  };
  try {
    // synchronous from here on, so that no request is read before `api` is set
    api = openApi(options, { names, concurrency, url, region, services });
  } catch (error) {
    await close();
    throw error;
  }
  return { url, port: actualPort, functionArn: (name, qualifier) => names.arn(name, qualifier), close };
}

interface ApiParts {
  names: FunctionNames;
  concurrency: Concurrency;
  /** Address of the service itself. */
  url: string;
  region: string;
  services: ServiceList;
}

/** Open everything that answers requests, and resume what an earlier service left unfinished. */
function openApi(options: LambdaServiceOptions, { names, concurrency, url, region, services }: ApiParts): LambdaApi {
  const { maxConcurrency = 10, maxSandboxes = maxConcurrency, faults, authorize, resumes = () => true } = options;
  const { duplicates = { share: 0, seed: 0 } } = options;
  const { runtimePath = fileURLToPath(new URL('./runtime.mjs', import.meta.url)) } = options;
  const { asyncDelayScale, crashDelayMs } = { ...TEST_HOOKS, ...options.testHooks };
  const dataDir = resolve(options.dataDir);
  const emit: Emit = (event) => options.onEvent?.({ ...event, atMs: Date.now() });

  const processes = services.add(new ProcessList(dataDir));
  const journal = services.add(new Journal(dataDir, options.onBroken));
  const runs = new Runs(journal.records);
  const events = readEvents(dataDir);
  const base = {
    ...options.environment,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL_LAMBDA: url,
  };
  const pool = services.add(
    new SandboxPool({
      concurrency,
      maxSandboxes,
      folder: join(dataDir, 'sandboxes'),
      runtimePath,
      processes,
      emit,
      environment: (fn, version) => sandboxEnvironment(fn, version, base),
    }),
  );
  services.add(concurrency);
  const shared = { names, concurrency, pool, emit, duplicates };
  const queue = services.add(new EventQueue({ ...shared, dataDir, delayScale: asyncDelayScale }));
  const engine = services.add(new DurableEngine({ ...shared, journal, runs, crashDelayMs, faults, authorize }));
  queue.resume(events);
  engine.resume(resumes);
  return { names, concurrency, pool, engine, queue, faults, emit, authorize };
}

function sandboxEnvironment(fn: LocalFunction, version: string, base: Record<string, string>): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_ACCESS_KEY_ID: fn.role?.accessKeyId ?? 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    // Lambda runs Node 24; the log of every sandbox need not repeat that this machine's Node is older
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...base,
    ...fn.environment,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMiB),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.name}`,
    LAMBDA_TASK_ROOT: fn.codeDir,
    _HANDLER: fn.handler,
  };
}

function validateOptions(options: LambdaServiceOptions): void {
  const { functions, maxConcurrency, maxSandboxes, sandboxesPer10s, duplicates } = options;
  for (const fn of functions) validateFunction(fn);
  const limits = { maxConcurrency, maxSandboxes, sandboxesPer10s };
  for (const [name, value] of Object.entries(limits)) checkGiven(name, value, integer(1));
  checkGiven('duplicates.share', duplicates?.share, numberFrom(0, 1));
  checkGiven('duplicates.seed', duplicates?.seed, integer(0));
}

function validateFunction(fn: LocalFunction): void {
  const { name, codeDir, handler } = fn;
  if (!/^[\w-]{1,64}$/.test(name))
    throw new InputError(`a function's name has 1 to 64 letters, digits, - and _, got ${name}`);
  if (!existsSync(codeDir))
    throw new InputError(`function ${name}: the folder ${codeDir} does not exist; build the bundles first`);
  if (!/.\../.test(handler))
    throw new InputError(`function ${name}: handler must be like index.handler, got ${handler}`);
  check(`function ${name}: memoryMiB`, fn.memoryMiB, integer(128, 10_240));
  checkGiven(`function ${name}: ephemeralStorageMiB`, fn.ephemeralStorageMiB, integer(EPHEMERAL_STORAGE_MIB, 10_240));
  check(`function ${name}: timeoutMs`, fn.timeoutMs, integer(1, 900_000));
  checkGiven(`function ${name}: reservedConcurrency`, fn.reservedConcurrency, integer(0));
  checkGiven(`function ${name}: maxRetries`, fn.maxRetries, integer(0, 2));
  checkGiven(`function ${name}: maxEventAgeMs`, fn.maxEventAgeMs, integer(60_000, MAX_EVENT_AGE_MS));
}

/** Undefined stands for the default, which is in range. */
function checkGiven<T>(name: string, value: T | undefined, rule: Rule<T>): void {
  if (value !== undefined) check(name, value, rule);
}
