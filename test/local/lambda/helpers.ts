// A service with small real functions, for the tests of this folder.

import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, type InvokeCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import type { LambdaEvent, LambdaServiceOptions, LocalFunction } from '../../../local/lambda/options.ts';
import { startLambdaService } from '../../../local/lambda/service.ts';

/** A folder that is removed when the process ends, after all services have closed. */
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

/** Copy the function of worker.mjs into a folder. @returns the folder */
export function writeWorker(folder: string): string {
  mkdirSync(folder, { recursive: true });
  copyFileSync(new URL('./worker.mjs', import.meta.url), join(folder, 'index.mjs'));
  return folder;
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
