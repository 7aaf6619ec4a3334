// The reference job, 100,000 × 20 and 100 trees, under seeded faults: the faults of each schedule, and that the model is the same.
// npx tsx bench/chaos.ts [--seeds 10] [--first 1] [--rate 0.1] [--strategy trees]

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { STAGE_NAMES } from '../lib/plan/stage-sizes.ts';
import { isAlive } from '../local/backend/emulator-users.ts';
import type { EmulatorEvent } from '../local/dashboard/event-log.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string', default: '1' },
    rate: { type: 'string', default: '0.1' },
    strategy: { type: 'string', default: 'trees' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'arvoredo-chaos-'));
const WAIT_FOR_PROCESSES_MS = 5000;

/** Run the job in its own folder, and check what it left. */
async function runJob(name: string, options: string[], killIn?: string) {
  const dataDir = join(folder, name);
  const json = join(folder, `${name}.json`);
  const args = ['run', '--quiet', '--strategy', values.strategy, '--data-dir', dataDir, '--run-id', name, ...options];
  const startMs = performance.now();
  if (killIn) {
    const killed = start(args);
    const isIn = ({ type, ...event }: EmulatorEvent) =>
      type === 'invokeStarted' && 'functionName' in event && event.functionName.includes(killIn);
    while (!readEvents(dataDir).some(isIn)) await sleep(20);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
  }
  const [code] = await once(start([...args, '--json', json]), 'exit');
  const seconds = (performance.now() - startMs) / 1000;
  if (code !== 0) throw new Error(`${name}: exit code ${code}; its folder is ${dataDir}`);
  const { model, tasks, chaos } = JSON.parse(readFileSync(json, 'utf8'));
  const events = readEvents(dataDir);
  const created = events.flatMap((event) =>
    event.type === 'creation' && event.outcome === 'created' ? [event.key] : [],
  );
  const leftover = await leftProcesses(events);
  rmSync(dataDir, { recursive: true });
  return { seconds, sha256: model.sha256, tasks, chaos, leftover, doubled: created.length - new Set(created).size };
}

function start(args: string[]): ChildProcess {
  return spawn(process.execPath, ['dist/arvoredo.mjs', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

function readEvents(dataDir: string): EmulatorEvent[] {
  try {
    const lines = readFileSync(join(dataDir, 'events.ndjson'), 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line));
  } catch {
    return []; // not there yet
  }
}

/** Sandboxes that are still there when they had time to end. */
async function leftProcesses(events: EmulatorEvent[]): Promise<number> {
  const pids = events.flatMap((event) => (event.type === 'sandboxStarted' ? [event.pid] : []));
  for (let waitedMs = 0; waitedMs < WAIT_FOR_PROCESSES_MS && pids.some(isAlive); waitedMs += 100) await sleep(100);
  return pids.filter(isAlive).length;
}

const calm = await runJob('calm', []);
console.log(`calm: ${calm.seconds.toFixed(1)} s, ${calm.tasks.attempts} attempts, sha256 ${calm.sha256}`);
const first = Number(values.first);
const rows = [];
const totals = new Map<string, number>();
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  // the last one is also killed with -9
  const isKilled = seed === first + Number(values.seeds) - 1;
  const killIn = isKilled ? STAGE_NAMES[seed % STAGE_NAMES.length] : undefined;
  const options = ['--chaos', String(seed), '--chaos-rate', values.rate];
  const { chaos, tasks, seconds, sha256, leftover, doubled } = await runJob(`seed-${seed}`, options, killIn);
  const injected = Object.entries<number>(chaos.injected);
  for (const [kind, count] of injected) totals.set(kind, (totals.get(kind) ?? 0) + count);
  rows.push({ seed, leftover, doubled, isSame: sha256 === calm.sha256 });
  console.log(
    [
      `seed ${seed}${killIn ? `, kill -9 in ${killIn}` : ''}`,
      `${injected.reduce((sum, [, count]) => sum + count, 0)} faults`,
      `${tasks.attempts} attempts, ${tasks.retried} retried`,
      `${chaos.suppressed} duplicates suppressed`,
      `${seconds.toFixed(1)} s`,
      `${sha256 === calm.sha256 ? 'same' : 'ANOTHER'} sha256`,
      `${leftover} processes left`,
      `${doubled} outputs doubled`,
    ].join(' | '),
  );
  console.log(`  ${injected.map(([kind, count]) => `${kind} ${count}`).join(' · ')}`);
}
rmSync(folder, { recursive: true });
console.log(`in all: ${[...totals].map(([kind, count]) => `${kind} ${count}`).join(' · ')}`);
if (rows.some(({ isSame, leftover, doubled }) => !isSame || leftover > 0 || doubled > 0)) process.exitCode = 1;
