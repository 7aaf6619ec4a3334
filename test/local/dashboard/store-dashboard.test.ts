import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStore } from '../../../lib/memory-store.ts';
import { type StageStatus, viewRun } from '../../../lib/run.ts';
// biome-ignore lint/suspicious/noTsIgnore: the page's modules have no types, and need none
// @ts-ignore
import { apply, createModel, progressOf } from '../../../local/dashboard/page/model.js';
import { startStoreDashboard, watchStore } from '../../../local/dashboard/store-dashboard.ts';
import type { EmulatorEvent } from '../../../local/events.ts';
import { getClassReport, runInMemory } from '../../helpers.ts';

test('what the bucket tells of a run makes the model that the page shows', async () => {
  const store = memoryStore();
  const looks: StageStatus[][] = [];
  await runInMemory({}, store, (workers) => (name) => async (payload) => {
    looks.push((await viewRun(store, 'r')).stages);
    return workers(name)(payload);
  });
  const report = await getClassReport(store);
  const timeline = report.stages.map(({ name, startedAtMs }) => ({
    taskId: `${name}-0`,
    sandbox: `${name}-sandbox`,
    isColdStart: true,
    startedAtMs,
    finishedAtMs: startedAtMs + 5,
  }));

  const events: EmulatorEvent[] = [];
  const watch = watchStore(store, 'r', (event) => events.push(event));
  for (const stages of [...looks, looks.at(-1)!]) await watch.onStages(stages);
  const model = createModel();
  for (const event of events) apply(model, event);
  const run = model.runs.get('r');
  assert.equal(run.params.samples, 600);
  assert.deepEqual([progressOf(run, 'generate').done, progressOf(run, 'evaluate').done], [6, 5]);
  assert.equal(run.partitions.length, 6);
  const told = events.filter(({ type }) => type === 'runStatus').length;
  assert.ok(told <= looks.length, 'what has not changed is not told again');

  const before = events.length;
  watch.onReport({ ...report, timeline });
  for (const event of events.slice(before)) apply(model, event);
  assert.deepEqual([run.state, run.report.accuracy, model.workerInvocations], ['succeeded', report.accuracy, 4]);
  assert.deepEqual(
    model.rows.map(({ id, functionName }: Record<string, string>) => [id, functionName]),
    ['generate', 'split', 'train', 'evaluate'].map((name) => [`${name}-sandbox`, `arvoredo-${name}`]),
  );
});

test('the dashboard of a run on AWS serves its events until it is closed', async () => {
  const { store } = await runInMemory({});
  const shown = await startStoreDashboard(store, 'r', 18_987, 'local/dashboard/page');
  await shown.onStages((await viewRun(store, 'r')).stages);
  shown.onReport(await getClassReport(store));
  const lines = (await (await fetch(`${shown.url}/events.ndjson`)).text()).trim().split('\n');
  assert.equal(JSON.parse(lines.at(-1)!).type, 'runReport');
  await shown.close();
  await assert.rejects(fetch(shown.url));
});
