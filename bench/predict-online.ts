// How long a request to predict one row takes: cold, of a sandbox that must start, and warm, one after the other.
//
//   npx tsx bench/predict-online.ts [COLD_STARTS] [WARM_REQUESTS]

import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseRunParams } from '../lib/plan/params.ts';
import { startRun, viewRun } from '../lib/run/run.ts';
import { localTarget } from '../local/backend/local-target.ts';
import { startEmulator } from '../local/emulator/emulator.ts';

const ROUNDS = 5; // of warm requests: the median of their quantiles is printed
const [numCold = 9, numWarm = 400] = process.argv.slice(2).map(Number);
const JOB = { samples: 20_000, chunkSize: 10_000, trees: 100, workers: 2 };
const row = Object.fromEntries(Array.from({ length: 20 }, (_, j) => [`f${j}`, j / 10]));
const body = JSON.stringify({ rows: [row] });

const dataDir = await mkdtemp(join(tmpdir(), 'arvoredo-online-'));
const start = () => startEmulator({ dataDir, workers: 2, distDir: resolve('dist'), resumes: () => false });

/** Milliseconds of one request. */
async function ask(api: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${api}/models/r/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return performance.now() - startedAt;
}

/** The value below which a share of the others lie. */
function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const show = (ms: number) => `${ms.toFixed(ms < 20 ? 1 : 0)} ms`;

try {
  let emulator = await start();
  const { store, orchestrator } = localTarget(emulator);
  await startRun({ store, orchestrator }, 'r', parseRunParams(JOB));
  for (let state = 'queued'; state !== 'succeeded'; await sleep(100)) {
    const view = await viewRun(store, 'r');
    state = view.state;
    if (view.error) throw new Error(view.error.message);
  }
  const cold: number[] = [];
  for (let i = 0; i < numCold; i++) {
    await emulator.close();
    emulator = await start();
    // the client's own first request is not what is measured
    await fetch(`${emulator.api}/none`).then((response) => response.text());
    cold.push(await ask(emulator.api));
  }
  const rounds: number[][] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const round: number[] = [];
    for (let n = 0; n < numWarm; n++) round.push(await ask(emulator.api));
    rounds.push(round);
  }
  await emulator.close();
  const median = (values: readonly number[]) => quantile(values, 0.5);
  const warm = (share: number) => show(median(rounds.map((round) => quantile(round, share))));
  console.log(
    `load ${loadavg()[0].toFixed(1)}, Node ${process.version}, a forest of ${JOB.trees} trees on ${JOB.samples} rows × 20`,
  );
  console.log(
    `cold, ${numCold} sandboxes: p50 ${show(median(cold))}, least ${show(Math.min(...cold))}, most ${show(Math.max(...cold))}`,
  );
  console.log(`warm, ${ROUNDS} × ${numWarm} requests: p50 ${warm(0.5)}, p99 ${warm(0.99)}`);
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
