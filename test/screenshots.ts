// Takes the pictures of docs/images, and a cast of the terminal, from real runs, so that they stay true: npm run screenshots.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { viewRun } from '../lib/run/run.ts';
import { localTarget } from '../local/backend/local-target.ts';
import { startEmulator } from '../local/emulator/emulator.ts';
import { openBrowser } from './browser.ts';
import { record, toAsciicast, toSvg } from './cast.ts';

const FOLDER = 'docs/images';
const JOB = { runId: 'shown', oobScore: true, strategy: 'trees', seed: 0 };
const SEARCH = {
  runId: 'searched',
  informative: 10,
  search: {
    grid: {
      maxFeatures: { from: 0.1, to: 0.9 },
      maxDepth: { from: 4, to: 30 },
      minSamplesLeaf: { from: 1, to: 50, log: true },
    },
    random: 27,
    scoring: 'log-loss',
    halving: true,
  },
};

const dataDir = mkdtempSync(join(tmpdir(), 'arvoredo-screenshots-'));
const emulator = await startEmulator({
  dataDir,
  workers: 4,
  distDir: resolve('dist'),
  dashboardPort: 8787,
});
const browser = await openBrowser();

interface Shot {
  name: string;
  url: string;
  width: number;
  height: number;
  colorScheme: 'light' | 'dark';
}

async function shoot({ name, url, width, height, colorScheme }: Shot): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  await page.goto(url);
  await sleep(1000); // the log, and a round of the tables
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  await page.close();
}

const { store } = localTarget(emulator);

/** Do a run; returns the file URL of its report. */
async function reportOf(job: { runId: string }): Promise<string> {
  await fetch(`${emulator.api}/runs`, { method: 'POST', body: JSON.stringify(job) });
  for (let state = 'queued'; state !== 'succeeded'; await sleep(200)) {
    state = (await viewRun(store, job.runId)).state;
    if (state === 'failed') throw new Error('the run failed');
  }
  const report = join(dataDir, `${job.runId}.html`);
  await writeFile(report, await store.get(`runs/${job.runId}/report.html`));
  return pathToFileURL(report).href;
}

try {
  mkdirSync(FOLDER, { recursive: true });
  const page = await reportOf(JOB);
  await sleep(500);
  const url = emulator.dashboard!;
  await shoot({ name: 'dashboard', url, width: 1280, height: 720, colorScheme: 'light' });
  await shoot({ name: 'dashboard-dark', url, width: 1280, height: 720, colorScheme: 'dark' });
  await shoot({ name: 'dashboard-phone', url, width: 390, height: 780, colorScheme: 'dark' });
  await shoot({ name: 'report', url: page, width: 1280, height: 720, colorScheme: 'light' });
  const searched = `${await reportOf(SEARCH)}#search`;
  await shoot({ name: 'search', url: searched, width: 1000, height: 1060, colorScheme: 'light' });
  const cast = await record('npm start', `node ${resolve('dist/arvoredo.mjs')} run`, dataDir);
  await writeFile(join(FOLDER, 'run.cast'), toAsciicast(cast));
  await writeFile(join(FOLDER, 'run.svg'), await toSvg(cast));
} finally {
  await browser.close();
  await emulator.close();
  rmSync(dataDir, { recursive: true, force: true });
}
