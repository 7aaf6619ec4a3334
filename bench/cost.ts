// GB-seconds, USD and peak memory, each as forecast / as measured, for runs of several shapes in the emulator.
// npm run build, then npx tsx bench/cost.ts [SHAPE…]; a shape may be named several times.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Part, totalUsage } from '../lib/plan/cost.ts';
import { forecastRun, forecastUsage } from '../lib/plan/forecast.ts';
import { planRun } from '../lib/plan/plan-run.ts';
import type { Report } from '../lib/report/report.ts';
import type { LambdaEvent } from '../local/lambda/options.ts';

const SHAPES: Record<string, string> = {
  seed: '',
  small: '--samples 2000 --chunk-size 500 --trees 10',
  rows: '--samples 1e6',
  trees: '--trees 500',
  features: '--samples 200000 --features 100',
  'more-features': '--samples 20000 --features 1000 --chunk-size 2000 --trees 50',
  chunks: '--samples 1e6 --chunk-size 250000 --trees 10',
  classes: '--classes 10 --informative 10',
  logistic: '--generator logistic',
  values: '--generator friedman1 --noise 1 --trees 20',
  'small-values': '--generator regression --noise 50 --samples 20000 --trees 50',
  'large-values': '--generator friedman1 --noise 1 --samples 1e6 --max-features 6 --trees 20',
  'many-values': '--generator friedman1 --noise 1 --samples 200000 --max-features 5 --trees 10',
};
const STAGES = ['generate', 'split', 'train', 'evaluate'] as const;

console.log('| shape | GB-s | µ$ | generate MiB | split MiB | train MiB | evaluate MiB |');
console.log('|---|---|---|---|---|---|---|');
const names = process.argv.slice(2);
for (const name of names.length > 0 ? names : Object.keys(SHAPES)) {
  if (SHAPES[name] === undefined) throw new Error(`no shape ${name}; there are ${Object.keys(SHAPES).join(', ')}`);
  const { report, peaks } = measure(SHAPES[name]);
  const { forecast, bill, usage, params } = report;
  const plan = planRun(params);
  const memory = forecastRun(plan).parts;
  const gbSeconds = [forecastUsage(plan), usage].map((one) => totalUsage(one).gbSeconds.toFixed(1)).join(' / ');
  const micro = (usd: number) => Math.round(usd * 1e6);
  const cells = STAGES.map((stage) => `${memory.find(({ part }) => part === stage)!.peakMiB} / ${peaks[stage]}`);
  console.log(`| ${[name, gbSeconds, `${micro(forecast)} / ${micro(bill)}`, ...cells].join(' | ')} |`);
}

function measure(args: string): { report: Report; peaks: Partial<Record<Part, number>> } {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-cost-'));
  try {
    const json = join(folder, 'result.json');
    const words = ['run', '--quiet', ...args.split(' ').filter(Boolean), '--data-dir', folder, '--json', json];
    const { status } = spawnSync(process.execPath, ['dist/arvoredo.mjs', ...words], { stdio: ['ignore', 'ignore', 2] });
    if (status !== 0) throw new Error(`arvoredo ${words.join(' ')} ended with ${status}`);
    const peaks: Partial<Record<Part, number>> = {};
    for (const line of readFileSync(join(folder, 'events.ndjson'), 'utf8').split('\n').filter(Boolean)) {
      const event: LambdaEvent = JSON.parse(line);
      if (event.type !== 'invokeFinished') continue;
      const part = event.functionName.replace('arvoredo-', '') as Part;
      peaks[part] = Math.max(peaks[part] ?? 0, event.maxMemoryMiB);
    }
    return { report: JSON.parse(readFileSync(json, 'utf8')), peaks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
