// AWS Lambda on 127.0.0.1: real processes, real limits, durable executions. The unmodified SDKs, the aws CLI and boto3
// speak to it through AWS_ENDPOINT_URL_LAMBDA.

import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeFunction } from './configuration.ts';
import { handleCallback, handleCheckpoint, handleGet, handleList, handleState, handleStop } from './durable/api.ts';
import { DurableEngine } from './durable/engine.ts';
import { Journal } from './durable/journal.ts';
import { ApiError, hasLoopbackHost, listen, sendError, sendJson } from './http.ts';
import { handleInvoke } from './invoke-api.ts';
import { FunctionNames } from './names.ts';
import type { Emit, LambdaService, LambdaServiceOptions, LocalFunction } from './options.ts';
import { SandboxPool } from './pool.ts';
import { ProcessList } from './process-list.ts';

interface Call {
  /** Decoded parts of the path. */
  parts: string[];
  query: URLSearchParams;
  request: IncomingMessage;
  response: ServerResponse;
}

type Route = [method: string, path: RegExp, handle: (call: Call) => void | Promise<void>];

/**
 * Start the service, and go on with the durable executions that its folder holds.
 *
 * @throws {RangeError} when a function cannot be run as it is described
 * @throws {Error} when another service has the folder, or the port is taken
 */
export async function startLambdaService(options: LambdaServiceOptions): Promise<LambdaService> {
  const {
    functions,
    dataDir,
    port = 0,
    region = 'us-east-1',
    accountId = '000000000000',
    maxConcurrency = 10,
  } = options;
  const { maxSandboxes = maxConcurrency, asyncDelayScale = 1 / 60, crashDelayMs = 100 } = options;
  const { freeze = process.platform !== 'win32' } = options;
  const { runtimePath = fileURLToPath(new URL('./runtime.mjs', import.meta.url)) } = options;
  for (const fn of functions) validateFunction(fn);
  requireWhole('maxConcurrency', maxConcurrency, 1);
  requireWhole('maxSandboxes', maxSandboxes, 1);

  const emit: Emit = (event) => options.onEvent?.({ ...event, atMs: Date.now() });
  const names = new FunctionNames(functions, region, accountId);
  const processes = new ProcessList(dataDir);
  const journal = new Journal(dataDir);
  const base = { ...options.environment, AWS_REGION: region, AWS_DEFAULT_REGION: region };
  const pool = new SandboxPool({
    maxConcurrency,
    maxSandboxes,
    folder: join(dataDir, 'sandboxes'),
    runtimePath,
    freeze,
    processes,
    emit,
    environment: (fn, version) => sandboxEnvironment(fn, version, { ...base, AWS_ENDPOINT_URL_LAMBDA: url }),
  });
  const engine = new DurableEngine({ names, pool, journal, emit, crashDelayMs });
  const durable = { engine, names };

  const resolve = ({ parts, query }: Call) => names.resolve(parts[0], query.get('Qualifier') ?? undefined);
  const routes: Route[] = [
    [
      'POST',
      /^\/2015-03-31\/functions\/([^/]+)\/invocations$/,
      (call) => handleInvoke({ pool, engine, emit, asyncDelayScale }, resolve(call), call.request, call.response),
    ],
    [
      'GET',
      /^\/2015-03-31\/functions\/?$/,
      ({ response }) => {
        const Functions = functions.map((fn) => describeFunction(names, names.resolve(fn.name)));
        sendJson(response, 200, { Functions });
      },
    ],
    [
      'GET',
      /^\/2015-03-31\/functions\/([^/]+)$/,
      (call) => {
        const Configuration = describeFunction(names, resolve(call));
        sendJson(call.response, 200, { Configuration, Code: { RepositoryType: 'S3' } });
      },
    ],
    [
      'GET',
      /^\/2015-03-31\/functions\/([^/]+)\/configuration$/,
      (call) => sendJson(call.response, 200, describeFunction(names, resolve(call))),
    ],
    [
      'GET',
      /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/,
      ({ parts, query, response }) => handleList(durable, parts[0], query, response),
    ],
    [
      'POST',
      /^\/2025-12-01\/durable-executions\/([^/]+)\/checkpoint$/,
      ({ parts, request, response }) => handleCheckpoint(durable, parts[0], request, response),
    ],
    [
      'GET',
      /^\/2025-12-01\/durable-executions\/([^/]+)\/state$/,
      ({ parts, query, response }) => handleState(durable, parts[0], query, response),
    ],
    [
      'GET',
      /^\/2025-12-01\/durable-executions\/([^/]+)$/,
      ({ parts, query, response }) => handleGet(durable, parts[0], query, response),
    ],
    [
      'POST',
      /^\/2025-12-01\/durable-executions\/([^/]+)\/stop$/,
      ({ parts, request, response }) => handleStop(durable, parts[0], request, response),
    ],
    [
      'POST',
      /^\/2025-12-01\/durable-execution-callbacks\/([^/]+)\/(succeed|fail|heartbeat)$/,
      ({ parts, request, response }) => handleCallback(durable, parts[0], parts[1], request, response),
    ],
  ];

  const server = createServer((request, response) => {
    route(routes, request, response).catch((error) => sendError(response, error));
  });
  let actualPort: number;
  try {
    actualPort = await listen(server, port);
  } catch (cause) {
    await pool.close();
    processes.close();
    journal.close();
    throw cause;
  }
  const url = `http://127.0.0.1:${actualPort}`;
  engine.resume();

  return {
    url,
    port: actualPort,
    functionArn: (name, qualifier) => names.arn(name, qualifier),
    async close() {
      engine.close();
      server.close();
      server.closeAllConnections();
      await pool.close();
      processes.close();
      journal.close();
    },
  };
}

async function route(routes: Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!hasLoopbackHost(request))
    throw new ApiError(
      403,
      'AccessDeniedException',
      `the host must be 127.0.0.1 or localhost, got ${request.headers.host}`,
    );
  const { pathname, searchParams: query } = new URL(request.url!, 'http://127.0.0.1');
  for (const [method, path, handle] of routes) {
    const match = request.method === method && path.exec(pathname);
    if (!match) continue;
    const parts = match.slice(1).map(decodeURIComponent);
    return await handle({ parts, query, request, response });
  }
  throw new ApiError(404, 'UnknownOperationException', `the emulator has no ${request.method} ${pathname}`);
}

function sandboxEnvironment(fn: LocalFunction, version: string, base: Record<string, string>): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_ACCESS_KEY_ID: 'local',
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
}: LocalFunction) {
  if (!/^[\w-]{1,64}$/.test(name))
    throw new RangeError(`a function's name has 1 to 64 letters, digits, - and _, got ${name}`);
  if (!existsSync(codeDir))
    throw new RangeError(`function ${name}: there is no folder ${codeDir}; build the bundles first`);
  if (!/.\../.test(handler))
    throw new RangeError(`function ${name}: handler must be like index.handler, got ${handler}`);
  requireWhole(`function ${name}: memoryMiB`, memoryMiB, 128, 10_240);
  requireWhole(`function ${name}: timeoutMs`, timeoutMs, 1, 900_000);
  requireWhole(`function ${name}: reservedConcurrency`, reservedConcurrency ?? 1, 1);
  requireWhole(`function ${name}: maxRetries`, maxRetries ?? 2, 0, 2);
}

function requireWhole(what: string, value: number, lowest: number, highest = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= lowest && value <= highest) return;
  const range = highest === Number.MAX_SAFE_INTEGER ? `${lowest} up` : `${lowest} to ${highest}`;
  throw new RangeError(`${what} must be a whole number from ${range}, got ${value}`);
}
