import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { takeLog } from '../../../lib/fanout/log-tail.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { cancelRun, startRun, viewRun } from '../../../lib/run/run.ts';
import { localTarget } from '../../../local/backend/local-target.ts';
import type { EmulatorEvent } from '../../../local/dashboard/event-log.ts';
import { startEmulator } from '../../../local/emulator/emulator.ts';
import { until } from '../../until.ts';

test('workers of a cancelled run stop between two trees, within seconds', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'arvoredo-cancel-'));
  const events: EmulatorEvent[] = [];
  const emulator = await startEmulator({
    dataDir: folder,
    workers: 2,
    distDir: resolve('dist'),
    onEvent: (event) => events.push(event),
  });
  t.after(async () => {
    await emulator.close();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  });
  const { store, orchestrator } = localTarget(emulator);
  // the general trainer would take a minute
  const job = { samples: 40_000, trees: 500, criterion: 'entropy', strategy: 'trees', workers: 2 };
  await startRun({ store, orchestrator }, 'r', parseRunParams(job));
  const started = () =>
    events.filter((event) => event.type === 'invokeStarted' && event.functionName.endsWith('train'));
  const finished = () =>
    events.flatMap((event) =>
      event.type === 'invokeFinished' && event.functionName.endsWith('train') ? [event.error?.message] : [],
    );
  await until('two workers to start', () => started().length >= 2);
  assert.equal((await cancelRun({ store, orchestrator }, 'r')).state, 'cancelled');
  const cancelledMs = performance.now();
  await until('two workers to finish', () => finished().length >= 2);
  assert.ok(performance.now() - cancelledMs < 20_000);
  for (const text of finished()) assert.equal(takeLog(text!).message, 'CancelledError: run r was cancelled');
  assert.equal((await viewRun(store, 'r')).state, 'cancelled');
  assert.deepEqual(await store.list('runs/r/trees/'), []);
});
