// The loop inside a sandbox: load the handler, then take one invocation after another from the Runtime API.
// Plain JavaScript without dependencies, so that it runs unchanged next to any bundle.

import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

const env = process.env;
const [hostname, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true });
let requestId = '';

function call(method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, agent, method, path: `/2018-06-01/runtime/${path}`, headers },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function postError(path, error) {
  const headers = { 'content-type': 'application/json', 'lambda-runtime-function-error-type': error.errorType };
  return call('POST', path, JSON.stringify(error), headers);
}

function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? '').split('\n') };
}

function runtimeError(errorType, errorMessage) {
  return Object.assign(new Error(errorMessage), { name: errorType });
}

const LEVELS = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE' };
for (const [method, level] of Object.entries(LEVELS)) {
  console[method] = (...values) => {
    process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${format(...values)}\n`);
  };
}

/** Import `folder/file.export.nested`: a CommonJS or an ES module. */
async function loadHandler(root, text) {
  const folder = dirname(text);
  const [file, ...names] = text.slice(folder === '.' ? 0 : folder.length + 1).split('.');
  if (!file || names.length === 0) throw runtimeError('Runtime.MalformedHandlerName', `Bad handler: ${text}`);
  const base = join(root, folder, file);
  const path = ['.mjs', '.js', '.cjs'].map((suffix) => base + suffix).find(existsSync);
  if (!path) throw runtimeError('Runtime.ImportModuleError', `Error: Cannot find module '${file}' in ${root}`);
  const loaded = await import(pathToFileURL(path).href).catch((error) => {
    const isMissing = error?.code === 'ERR_MODULE_NOT_FOUND' || error?.code === 'MODULE_NOT_FOUND';
    if (isMissing) throw runtimeError('Runtime.ImportModuleError', `Error: ${error.message}`);
    if (error instanceof SyntaxError)
      throw runtimeError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`);
    throw error;
  });
  const find = (scope) => names.reduce((value, name) => value?.[name], scope);
  const handler = find(loaded) ?? find(loaded.default);
  if (typeof handler !== 'function')
    throw runtimeError('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
  if (handler.length > 2)
    throw runtimeError(
      'Runtime.CallbackHandlerDeprecated',
      `${text} takes a callback, which nodejs24.x does not support; use an async function`,
    );
  return handler;
}

function contextOf(headers) {
  const deadlineMs = Number(headers['lambda-runtime-deadline-ms']);
  const parse = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    awsRequestId: requestId,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parse('lambda-runtime-client-context'),
    identity: parse('lambda-runtime-cognito-identity'),
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  };
}

// nobody awaits these: report them for the invocation in progress, then end, as AWS's runtime does
async function die(error, exitCode) {
  console.error(error);
  if (requestId) await postError(`invocation/${requestId}/error`, error).catch(() => {});
  process.exit(exitCode);
}
process.on('uncaughtException', (error) => die(describe(error), 129));
process.on('unhandledRejection', (reason) => {
  const error = describe(reason);
  const errorMessage = `${error.errorType}: ${error.errorMessage}`;
  void die({ ...error, errorType: 'Runtime.UnhandledPromiseRejection', errorMessage }, 128);
});

async function invoke(handler, next) {
  requestId = next.headers['lambda-runtime-aws-request-id'];
  env._X_AMZN_TRACE_ID = next.headers['lambda-runtime-trace-id'] ?? '';
  try {
    const result = await handler(JSON.parse(next.body), contextOf(next.headers));
    // undefined has no JSON; AWS answers null
    return [`invocation/${requestId}/response`, JSON.stringify(result) ?? 'null'];
  } catch (cause) {
    const error = describe(cause);
    console.error('Invoke Error', JSON.stringify(error));
    return [`invocation/${requestId}/error`, error];
  }
}

let handler;
try {
  handler = await loadHandler(env.LAMBDA_TASK_ROOT, env._HANDLER);
} catch (cause) {
  const error = describe(cause);
  console.error('Init Error', JSON.stringify(error));
  await postError('init/error', error);
  process.exit(1);
}

for (;;) {
  const [path, answer] = await invoke(handler, await call('GET', 'invocation/next'));
  if (typeof answer === 'string') await call('POST', path, answer, { 'content-type': 'application/json' });
  else await postError(path, answer);
}
