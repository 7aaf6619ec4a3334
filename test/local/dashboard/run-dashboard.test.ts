import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RunView, viewRun } from '../../../lib/run/run.ts';
import { findLastRun, followByApi } from '../../../local/dashboard/api-runs.ts';
import type { EmulatorEvent } from '../../../local/dashboard/event-log.ts';
import { apply, createModel } from '../../../local/dashboard/page/model.js';
import { stageProgress } from '../../../local/dashboard/page/views.js';
import { startRunDashboard, watchRun } from '../../../local/dashboard/run-dashboard.ts';
import type { ApiAnswer } from '../../../local/http/api-client.ts';
import { getClassReport, runInMemory } from '../../helpers.ts';
import { memoryStore } from '../../memory-store.ts';

/** An API that answers one path after the other, each time with the next of what is given. */
const apiOf = (answers: Record<string, ApiAnswer[]>) => async (_method: string, path: string) => {
  const answer = answers[path]?.shift();
  if (!answer) throw new Error(`nothing is left to answer to ${path}`);
  return answer;
};
const ok = (body: unknown): ApiAnswer => ({ status: 200, body });

test('views of a run from the API make the model that the page shows', async () => {
  const store = memoryStore();
  const polled: RunView[] = [];
  await runInMemory({}, store, (workers) => (name) => async (payload) => {
    polled.push(await viewRun(store, 'r'));
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
  const watch = watchRun('r', (event) => events.push(event));
  const views = [...polled, polled.at(-1)!, await viewRun(store, 'r')];
  const api = apiOf({ '/runs/r': views.map(ok), '/runs/r/report': [ok({ ...report, timeline })] });
  await followByApi({ api, runId: 'r', pollIntervalMs: 0 }, watch, new AbortController().signal);

  const model = createModel();
  for (const event of events) apply(model, event);
  const run = model.runs.get('r');
  assert.equal(run.params.samples, 600);
  assert.deepEqual([stageProgress(run, 'generate').done, stageProgress(run, 'evaluate').done], [6, 6]);
  assert.equal(run.partitions.length, 6);
  assert.equal(run.partitions[0].classCounts[0] + run.partitions[0].classCounts[1], 100);
  const numStatuses = events.filter(({ type }) => type === 'runStatus').length;
  assert.ok(numStatuses <= polled.length + 1, 'an unchanged status is not reported again');
  assert.deepEqual([run.state, run.report.accuracy, model.workerInvocations], ['succeeded', report.accuracy, 4]);
  assert.deepEqual(
    model.rows.map(({ id, functionName }: Record<string, string>) => [id, functionName]),
    ['generate', 'split', 'train', 'evaluate'].map((name) => [`${name}-sandbox`, `arvoredo-${name}`]),
  );
});

test('a refusal, an unknown run and an unusable answer are errors; a server error is retried', async () => {
  const follow = (...answers: ApiAnswer[]) =>
    followByApi(
      { api: apiOf({ '/runs/r': answers }), runId: 'r' },
      watchRun('r', () => {}),
      AbortSignal.abort(),
    );
  const watch = (...answers: ApiAnswer[]) => {
    const stop = new AbortController();
    const stopping = { ...watchRun('r', () => {}), onView: () => stop.abort() };
    return followByApi({ api: apiOf({ '/runs/r': answers }), runId: 'r' }, stopping, stop.signal);
  };
  await follow(); // aborted before the first poll
  const { store } = await runInMemory({});
  const view = { ...(await viewRun(store, 'r')), state: 'running' };
  await watch({ status: 503, body: { message: 'Service Unavailable' } }, ok(view));
  const forbidden = { status: 403, body: { message: 'Forbidden' } };
  await assert.rejects(watch(forbidden), {
    name: 'InputError',
    message: /GET \/runs\/r: Forbidden; .* execute-api:Invoke/,
  });
  const unknown = { status: 404, body: { error: { code: 'NotFoundError', message: 'run r does not exist' } } };
  await assert.rejects(watch(unknown), { name: 'NotFoundError', message: 'run r does not exist' });
  await assert.rejects(watch({ status: 400, body: 'odd' }), {
    message: 'the API answered GET /runs/r with 400: "odd"',
  });
  await assert.rejects(findLastRun(apiOf({ '/runs': [ok({ runs: [] })] })), {
    name: 'InputError',
    message: /no runs yet/,
  });
});

test('the dashboard of a run on AWS serves its events until it is closed', async () => {
  const { store } = await runInMemory({});
  const shown = await startRunDashboard('r', 18_987, 'local/dashboard/page');
  shown.onView(await viewRun(store, 'r'));
  shown.onReport(await getClassReport(store));
  const lines = (await (await fetch(`${shown.url}/events.ndjson`)).text()).trim().split('\n');
  assert.equal(JSON.parse(lines.at(-1)!).type, 'runReport');
  await shown.close();
  await assert.rejects(fetch(shown.url));
});
