// How fast the emulator dispatches functions that do nothing: by plain Invoke, and through a durable map.
// npx tsx bench/dispatch.ts [--tasks 1000] [--workers 2,4,8] [--max-in-flight N]

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import type { LocalFunction } from '../local/lambda/options.ts';
import { startLambdaService } from '../local/lambda/service.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '2,4,8' },
    'max-in-flight': { type: 'string' },
  },
});
const numTasks = Number(values.tasks);
const TASKS_PER_EXECUTION = 1000;

const ORCHESTRATOR = `
  import { withDurableExecution } from '@aws/durable-execution-sdk-js';
  export const handler = withDurableExecution(async ({ count, target, inputs, maxConcurrency }, context) => {
    const batch = await context.map('tasks', inputs ?? Array.from({ length: count }, (_, i) => ({ i })),
      (child, input, i) => child.invoke('task-' + i, target, input), { nesting: 'FLAT', maxConcurrency });
    return { count: batch.succeeded().reduce((total, item) => total + item.result.count, 0) };
  });`;

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-dispatch-'));
const codeDir = (name: string) => join(folder, name);
mkdirSync(codeDir('noop'));
writeFileSync(join(codeDir('noop'), 'index.mjs'), 'export const handler = async () => ({ count: 1 });');
await build({
  stdin: { contents: ORCHESTRATOR, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
  outfile: join(codeDir('orchestrator'), 'index.mjs'),
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

const defaults = { handler: 'index.handler', timeoutMs: 900_000, environment: {}, aliases: ['live'] };
console.log('workers  invokes/s  p50 ms  p99 ms   durable tasks/s  seconds  resumes  emulator CPU ms/task');
for (const workers of values.workers.split(',').map(Number)) await measure(workers);
rmSync(folder, { recursive: true });

async function measure(workers: number): Promise<void> {
  let resumes = 0;
  const functions: LocalFunction[] = [
    {
      ...defaults,
      name: 'noop',
      codeDir: codeDir('noop'),
      memoryMiB: 256,
      durable: false,
      reservedConcurrency: workers,
    },
    { ...defaults, name: 'orchestrator', codeDir: codeDir('orchestrator'), memoryMiB: 1024, durable: true },
  ];
  const service = await startLambdaService({
    functions,
    dataDir: join(folder, `data-${workers}`),
    maxConcurrency: workers + 16,
    onEvent: (event) => {
      if (event.type === 'invokeStarted' && event.functionName === 'orchestrator') resumes++;
    },
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new LambdaClient({ endpoint: service.url, region: 'us-east-1', credentials, maxAttempts: 1 });
  const invoke = (FunctionName: string, event: object) =>
    client.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));

  const plain = async (count: number) => {
    const times: number[] = [];
    let next = 0;
    const caller = async () => {
      while (next++ < count) {
        const start = performance.now();
        await invoke('noop', {});
        times.push(performance.now() - start);
      }
    };
    await Promise.all(Array.from({ length: workers }, caller));
    return times.sort((a, b) => a - b);
  };
  await plain(50 * workers); // warm
  const start = performance.now();
  const times = await plain(2000);
  const perSecond = 2000 / ((performance.now() - start) / 1000);

  const map = async (count: number) => {
    const maxConcurrency = values['max-in-flight'] ? Number(values['max-in-flight']) : undefined;
    const shards = Math.ceil(count / TASKS_PER_EXECUTION);
    const shard = (i: number) => ({
      count: Math.floor(((i + 1) * count) / shards) - Math.floor((i * count) / shards),
      target: 'noop',
      maxConcurrency,
    });
    const inputs = Array.from({ length: shards }, (_, i) => shard(i));
    const event = shards === 1 ? inputs[0]! : { inputs, target: 'orchestrator:live' };
    const { Payload, FunctionError } = await invoke('orchestrator:live', event);
    const result = Payload!.transformToString();
    if (FunctionError || JSON.parse(result).count !== count) throw new Error(result);
  };
  await map(10);
  resumes = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  await map(numTasks);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cells = [
    String(workers).padStart(7),
    perSecond.toFixed(0).padStart(9),
    times[Math.floor(times.length / 2)]!.toFixed(2).padStart(6),
    times[Math.floor(times.length * 0.99)]!.toFixed(2).padStart(6),
    (numTasks / seconds).toFixed(0).padStart(16),
    seconds.toFixed(2).padStart(7),
    String(resumes).padStart(7),
    ((user + system) / 1000 / numTasks).toFixed(3).padStart(20),
  ];
  console.log(cells.join('  '));
  client.destroy();
  await service.close();
}
