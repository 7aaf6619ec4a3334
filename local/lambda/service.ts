// AWS Lambda on 127.0.0.1: real processes, real limits, durable executions. The unmodified SDKs, the aws CLI and boto3
// speak to it through AWS_ENDPOINT_URL_LAMBDA.

import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listen } from '../http/serve.ts';
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

/**
 * Start the service, and go on with the durable executions that its folder holds.
 *
 * @throws {RangeError} when a function cannot be run as it is described
 * @throws {Error} when another service has the folder, or the port is taken
 */
export async function startLambdaService(options: LambdaServiceOptions): Promise<LambdaService> {
  const { port = 0, region = 'us-east-1', accountId = '000000000000', maxConcurrency = 10 } = options;
  const { maxSandboxes = maxConcurrency, asyncDelayScale = 1 / 60, crashDelayMs = 100 } = options;
  const { duplicates = { share: 0, seed: 0 } } = options;
  const { sandboxesPer10s, faults, freeze = process.platform !== 'win32' } = options;
  const { runtimePath = fileURLToPath(new URL('./runtime.mjs', import.meta.url)) } = options;
  const dataDir = resolve(options.dataDir);
  const functions = options.functions.map((fn) => ({ ...fn, codeDir: resolve(fn.codeDir) }));
  for (const fn of functions) validateFunction(fn);
  requireWhole('maxConcurrency', maxConcurrency, 1);
  requireWhole('maxSandboxes', maxSandboxes, 1);
  requireWhole('sandboxesPer10s', sandboxesPer10s ?? 1, 1);
  if (!(duplicates.share >= 0 && duplicates.share <= 1))
    throw new RangeError(`duplicates.share must be from 0 to 1, got ${duplicates.share}`);
  requireWhole('duplicates.seed', duplicates.seed, 0);
  const names = new FunctionNames(functions, region, accountId);
  for (const { name, onFailure } of functions) if (onFailure !== undefined) validateDestination(name, onFailure, names);
  const concurrency = new Concurrency({ functions, accountLimit: maxConcurrency, sandboxesPer10s });
  const emit: Emit = (event) => options.onEvent?.({ ...event, atMs: Date.now() });

  let api: LambdaApi;
  const server = createServer((request, response) => {
    route(api, request, response).catch((error) => sendError(response, error));
  });
  const actualPort = await listen(server, port);
  const url = `http://127.0.0.1:${actualPort}`;
  const closers: (() => void | Promise<void>)[] = [];
  const close = async () => {
    server.close();
    server.closeAllConnections();
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    // no request is read before the lines up to the end have run, as none of them waits
    const processes = new ProcessList(dataDir);
    closers.push(() => processes.close());
    const journal = new Journal(dataDir, options.onBroken);
    closers.push(() => journal.close());
    const runs = new Runs(journal.records);
    const events = readEvents(dataDir);
    const { environment, authorize } = options;
    const base = { ...environment, AWS_REGION: region, AWS_DEFAULT_REGION: region, AWS_ENDPOINT_URL_LAMBDA: url };
    const pool = new SandboxPool({
      concurrency,
      maxSandboxes,
      folder: join(dataDir, 'sandboxes'),
      runtimePath,
      freeze,
      processes,
      emit,
      environment: (fn, version) => sandboxEnvironment(fn, version, base),
    });
    closers.push(() => pool.close());
    closers.push(() => concurrency.close());
    const queue = new EventQueue({ dataDir, names, concurrency, pool, emit, delayScale: asyncDelayScale, duplicates });
    closers.push(() => queue.close());
    const engine = new DurableEngine({
      names,
      concurrency,
      pool,
      journal,
      runs,
      emit,
      crashDelayMs,
      duplicates,
      faults,
      authorize,
    });
    closers.push(() => engine.close());
    api = { names, concurrency, pool, engine, queue, faults, emit, authorize };
    queue.resume(events);
    engine.resume(options.resumes ?? (() => true));
  } catch (error) {
    await close();
    throw error;
  }
  return { url, port: actualPort, functionArn: (name, qualifier) => names.arn(name, qualifier), close };
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
    // Lambda runs Node 24; that this machine's Node is older is no news for the log of every sandbox
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

function validateFunction({
  name,
  codeDir,
  handler,
  memoryMiB,
  timeoutMs,
  reservedConcurrency,
  maxRetries,
  maxEventAgeMs,
  ephemeralStorageMiB,
}: LocalFunction) {
  if (!/^[\w-]{1,64}$/.test(name))
    throw new RangeError(`a function's name has 1 to 64 letters, digits, - and _, got ${name}`);
  if (!existsSync(codeDir))
    throw new RangeError(`function ${name}: there is no folder ${codeDir}; build the bundles first`);
  if (!/.\../.test(handler))
    throw new RangeError(`function ${name}: handler must be like index.handler, got ${handler}`);
  requireWhole(`function ${name}: memoryMiB`, memoryMiB, 128, 10_240);
  requireWhole(`function ${name}: ephemeralStorageMiB`, ephemeralStorageMiB ?? EPHEMERAL_STORAGE_MIB, 512, 10_240);
  requireWhole(`function ${name}: timeoutMs`, timeoutMs, 1, 900_000);
  requireWhole(`function ${name}: reservedConcurrency`, reservedConcurrency ?? 0, 0);
  requireWhole(`function ${name}: maxRetries`, maxRetries ?? 2, 0, 2);
  requireWhole(`function ${name}: maxEventAgeMs`, maxEventAgeMs ?? MAX_EVENT_AGE_MS, 60_000, MAX_EVENT_AGE_MS);
}

function requireWhole(what: string, value: number, lowest: number, highest = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return;
  const range = highest === Number.MAX_SAFE_INTEGER ? `${lowest} up` : `${lowest} to ${highest}`;
  throw new RangeError(`${what} must be a whole number from ${range}, got ${value}`);
}
