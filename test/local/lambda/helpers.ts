// A service with small real functions, for the tests of this folder.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import type { LambdaEvent, LambdaServiceOptions, LocalFunction } from '../../../local/lambda/options.ts';
import { startLambdaService } from '../../../local/lambda/service.ts';

/** A folder that is gone after the tests of the file, services closed. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-lambda-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

export function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** Does what its event says: `{action, …}`. Every run leaves its `id` as a line of the file RAN. */
const WORKER = `
  import { spawn } from 'node:child_process';
  import { appendFileSync, existsSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { setTimeout } from 'node:timers/promises';
  let numInvokes = 0;
  const actions = {
    echo: (event) => event,
    inspect: (_, context) => ({ pid: process.pid, numInvokes, env: process.env, cwd: process.cwd(), execArgv: process.execArgv, context,
      remainingMs: context.getRemainingTimeInMillis() }),
    sleep: ({ ms }) => setTimeout(ms, 'slept'),
    once: async ({ path }) => { if (existsSync(path)) return 'second'; writeFileSync(path, ''); while (!existsSync(path + '.open')) await setTimeout(10); return 'first'; },
    open: ({ path }) => { writeFileSync(path, ''); return 'opened'; },
    gate: async ({ path }) => { while (!existsSync(path)) await setTimeout(10); return 'passed'; },
    spin: () => { for (;;); },
    hog: async ({ mib }) => { const kept = []; for (let i = 0; i < mib; i += 32) { kept.push(Buffer.alloc(32 << 20, 1)); await setTimeout(15); } return kept.length; },
    fill: async ({ mib, ms = 0 }) => { const path = tmpdir() + '/f'; writeFileSync(path, ''); truncateSync(path, mib << 20); await setTimeout(ms); return tmpdir(); },
    files: () => readdirSync(tmpdir()),
    exit: ({ code }) => process.exit(code),
    leave: ({ path, ms }) => { writeFileSync(path, String(spawn('sleep', ['600'], { stdio: 'ignore' }).pid)); if (!ms) process.exit(0); for (;;); },
    kill: () => process.kill(process.pid, 'SIGKILL'),
    fail: ({ message }) => { throw new TypeError(message); },
    reject: async () => { Promise.reject(new Error('nobody waits')); await setTimeout(1000); },
    big: ({ bytes }) => 'x'.repeat(bytes),
    print: ({ text }) => { console.log(text); console.error('and an error'); },
  };
  export const handler = async (event, context) => {
    numInvokes++;
    if (process.env.RAN && event.id !== undefined) appendFileSync(process.env.RAN, event.id + '\\n');
    return actions[event.action](event, context);
  };`;

export function writeWorker(folder: string): string {
  return dirname(write(join(folder, 'index.mjs'), WORKER));
}

/** Bundle the durable handler as the build does: minified ES module that finds `require` for the SDK. */
async function bundleOrchestrator(folder: string, file: string): Promise<string> {
  await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    outfile: join(folder, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return folder;
}

export function localFunction(codeDir: string, given: Partial<LocalFunction> = {}): LocalFunction {
  const defaults = { name: 'worker', handler: 'index.handler', memoryMiB: 256, timeoutMs: 20_000 };
  return { ...defaults, codeDir, environment: {}, durable: false, aliases: ['live'], ...given };
}

export function lambdaClient(endpoint: string): LambdaClient {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return new LambdaClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
}

/** Start a service that ends with the tests of the file. */
export async function startService(options: LambdaServiceOptions) {
  const events: LambdaEvent[] = [];
  const watchers = new Set<() => void>();
  const started = await startLambdaService({
    ...options,
    onEvent(event) {
      events.push(event);
      options.onEvent?.(event);
      for (const watcher of watchers) watcher();
    },
  });
  let closing: Promise<void> | undefined;
  const service = { ...started, close: () => (closing ??= started.close()) };
  after(() => service.close());
  const client = lambdaClient(service.url);

  /** Invoke and parse the answer. */
  async function invoke(payload: unknown, input: Partial<InvokeCommandInput> = {}) {
    const command = new InvokeCommand({ FunctionName: 'worker', Payload: JSON.stringify(payload), ...input });
    const { Payload, ...output } = await client.send(command);
    const text = Payload?.transformToString() ?? '';
    return { ...output, result: text === '' ? undefined : JSON.parse(text) };
  }

  /** The first event, past or future, that satisfies a predicate. */
  function eventWhere(predicate: (event: LambdaEvent) => unknown): Promise<LambdaEvent> {
    return new Promise((resolve) => {
      const look = () => {
        const found = events.find(predicate);
        if (!found) return;
        watchers.delete(look);
        resolve(found);
      };
      watchers.add(look);
      look();
    });
  }

  return { service, client, events, invoke, eventWhere };
}

/** Lines of a file, none when the file does not exist. */
export function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

/** The durable handler of a file of this folder. */
export async function orchestratorFunction(
  folder: string,
  given: Partial<LocalFunction> = {},
  file = 'orchestrator.ts',
): Promise<LocalFunction> {
  const codeDir = await bundleOrchestrator(folder, file);
  return localFunction(codeDir, { name: 'orchestrator', memoryMiB: 512, durable: true, ...given });
}
