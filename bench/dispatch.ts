// How fast functions that do nothing are dispatched: by plain Invoke, and by the fan-out engine on durable functions.
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

const ORCHESTRATOR = `
  import { durableHandler, fanOut, workerFunction } from '../lib/fanout/index.ts';
  export const handler = durableHandler(async ({ count, maxInFlight }, engine) => {
    const tasks = Array.from({ length: count }, (_, i) => ({ taskId: 'task-' + i, payload: { i } }));
    const options = { maxInFlight, results: 'sum' };
    const { sums, timeline, reason, overhead } = await fanOut(engine, 'tasks', tasks, { worker: workerFunction('noop'), ...options });
    const times = timeline.map(([, , startMs, endMs]) => endMs - startMs).sort((a, b) => a - b);
    const operations = engine.operations + (overhead.durableOperations ?? 0);
    return { reason, count: sums.count, p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)], operations };
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
console.log(
  'workers  invokes/s  p50 ms  p99 ms   fan-out tasks/s  seconds  p50 ms  p99 ms  resumes  operations  emulator CPU ms/task',
);
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

  const fanOut = async (count: number) => {
    const maxInFlight = values['max-in-flight'] ? Number(values['max-in-flight']) : count;
    const { Payload, FunctionError } = await invoke('orchestrator:live', { count, maxInFlight });
    const text = Payload!.transformToString();
    const result: { reason: string; count: number; p50: number; p99: number; operations: number } = JSON.parse(text);
    if (FunctionError || result.reason !== 'allDone' || result.count !== count) throw new Error(text);
    return result;
  };
  await fanOut(10);
  resumes = 0;
  const cpu = process.cpuUsage();
  const began = performance.now();
  const { p50, p99, operations } = await fanOut(numTasks);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cells = [
    String(workers).padStart(7),
    perSecond.toFixed(0).padStart(9),
    times[Math.floor(times.length / 2)].toFixed(2).padStart(6),
    times[Math.floor(times.length * 0.99)].toFixed(2).padStart(6),
    (numTasks / seconds).toFixed(0).padStart(16),
    seconds.toFixed(2).padStart(7),
    String(p50).padStart(6),
    String(p99).padStart(6),
    String(resumes).padStart(7),
    String(operations).padStart(10),
    ((user + system) / 1000 / numTasks).toFixed(3).padStart(20),
  ];
  console.log(cells.join('  '));
  client.destroy();
  await service.close();
}
