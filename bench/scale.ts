// What fan-outs of many tasks would take on AWS, by the simulator of bench/simulate: see docs/scale.md.
// npx tsx bench/scale.ts [--tasks 1000,10000,100000,1000000] [--task-seconds 2] [--concurrency 1000] [--binding] …
// A million are done sooner with NODE_OPTIONS=--max-semi-space-size=128.

import { parseArgs } from 'node:util';
import { bindings, findBinding } from './simulate/binding.ts';
import { AWS, type Scenario, WORK } from './simulate/scenario.ts';
import { type Simulated, simulate } from './simulate/simulate.ts';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '1000,10000,100000,1000000' },
    'task-seconds': { type: 'string', default: '2' },
    /** concurrency of the account; nine tenths are used */
    concurrency: { type: 'string', default: String(AWS.concurrency) },
    /** prefixes over which S3 has spread the keys */
    prefixes: { type: 'string', default: String(AWS.s3Prefixes) },
    'payload-bytes': { type: 'string', default: String(WORK.payloadBytes) },
    'when-throttled': { type: 'string', default: AWS.whenThrottled },
    /** a list of tasks, which slices are sent, instead of a source, of which they make theirs */
    list: { type: 'boolean', default: false },
    seed: { type: 'string', default: '0' },
    /** run each once more without each limit */
    binding: { type: 'boolean', default: false },
  },
});
const HEADROOM = 0.9;

const ROWS: [string, (run: Simulated) => string | number][] = [
  ['ended as', ({ gathered }) => gathered.reason],
  ['over a limit of AWS', ({ exceeded }) => exceeded.join(', ') || 'none'],
  ['wall time', ({ seconds }) => time(seconds)],
  ['tasks/s', ({ tasksPerSecond }) => tasksPerSecond],
  ['overhead of a task, p50', ({ overheadMs }) => time(overheadMs.p50 / 1000)],
  ['overhead of a task, p99', ({ overheadMs }) => time(overheadMs.p99 / 1000)],
  ['attempts', ({ counts }) => counts.attempts],
  ['retries', ({ counts }) => counts.retried],
  ['throttled', ({ counts }) => counts.throttled],
  ['speculative, of which won', ({ counts, speculativeWins: won }) => `${num(counts.speculative)}, ${num(won)}`],
  ['output found already written', ({ duplicates }) => duplicates],
  ['tasks not done', ({ counts }) => counts.tasks - counts.done],
  ['peak in flight', ({ peakConcurrency }) => peakConcurrency],
  ['cold starts', ({ coldStarts }) => coldStarts],
  ['executions', ({ executions }) => executions],
  ['resumes', ({ resumes }) => resumes],
  ['operations', ({ operations }) => operations.total],
  ['operations, most of one', ({ operations }) => operations.most],
  ['MB written, most of one', ({ mostBytes }) => mostBytes / 1e6],
  ['checkpoints/s, peak', ({ peaks }) => peaks.checkpoints],
  ['PUT/s of a prefix, peak', ({ peaks }) => peaks.s3Writes],
  ['GET/s of a prefix, peak', ({ peaks }) => peaks.s3Reads],
  ['503 SlowDown', ({ slowedDown }) => slowedDown],
  ['USD workers', ({ usd }) => usd.workers.toFixed(2)],
  ['USD orchestrators', ({ usd }) => usd.orchestrators.toFixed(2)],
  ['USD S3 requests', ({ usd }) => usd.s3.toFixed(2)],
  ['USD, all', ({ usd }) => usd.total.toFixed(2)],
];

const sizes = values.tasks.split(',').map(Number);
await printTable();

/** A column for each size. */
async function printTable(): Promise<void> {
  const columns: string[][] = [];
  for (const numTasks of sizes) {
    const scenario = createScenario(numTasks);
    const startMs = performance.now();
    const run = await simulate(scenario);
    const took = time((performance.now() - startMs) / 1000);
    const cells = ROWS.map(([, cell]) => cell(run)).map((cell) => (typeof cell === 'number' ? num(cell) : cell));
    const binding = values.binding ? [await printBindings(scenario, run)] : [];
    columns.push([`${num(numTasks)} tasks`, '--:', ...cells, took, ...binding]);
  }
  const names = ['', '---', ...ROWS.map(([name]) => name), 'simulated in', ...(values.binding ? ['limited by'] : [])];
  for (const [i, name] of names.entries())
    console.log(`| ${[name, ...columns.map((cells) => cells[i])].join(' | ')} |`);
}

/** @returns the limit that costs the most time */
async function printBindings(scenario: Scenario, run: Simulated): Promise<string> {
  const all = await bindings(scenario, run);
  console.log(`${num(scenario.work.numTasks)} tasks take ${time(run.seconds)}; without …`);
  for (const { limit, seconds, notDone } of all)
    console.log(`  ${limit.padEnd(26)}${time(seconds)}${notDone > 0 ? `, ${num(notDone)} tasks not done` : ''}`);
  return findBinding(run, all);
}

function createScenario(numTasks: number): Scenario {
  const concurrency = Number(values.concurrency);
  const whenThrottled = values['when-throttled'];
  if (whenThrottled !== 'wait' && whenThrottled !== 'fail')
    throw new Error(`--when-throttled must be wait or fail, got ${whenThrottled}`);
  return {
    aws: { ...AWS, concurrency, whenThrottled, s3Prefixes: Number(values.prefixes) },
    work: {
      ...WORK,
      numTasks,
      taskMs: Number(values['task-seconds']) * 1000,
      payloadBytes: Number(values['payload-bytes']),
    },
    options: { maxInFlight: Math.floor(HEADROOM * concurrency), results: 'sum' },
    sendsTasks: values.list,
    seed: Number(values.seed),
  };
}

function num(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function time(seconds: number): string {
  return seconds < 1
    ? `${Math.round(seconds * 1000)} ms`
    : seconds < 600
      ? `${num(seconds)} s`
      : `${num(seconds / 60)} min`;
}
