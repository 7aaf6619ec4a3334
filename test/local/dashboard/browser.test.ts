import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import type { ClassReport } from '../../../lib/report/class-report.ts';
import type { RunStatus } from '../../../lib/run/run.ts';
import { exportPage } from '../../../local/dashboard/export.ts';
import { startDashboard } from '../../../local/dashboard/server.ts';
import type { EmulatorInfo } from '../../../local/emulator/options.ts';
import { openBrowser, openPage, seriousFaults } from '../../browser.ts';
import { until } from '../../until.ts';
import { start, temporaryFolder } from '../command.ts';

const JOB = { samples: 4000, chunkSize: 1000, trees: 8, workers: 2, oobScore: true, strategy: 'trees', runId: 'seen' };

/**
 * An emulator for a test, with its dashboard.
 *
 * @param port the first to try; the dashboard's is the one before
 */
async function up(t: TestContext, port = 18908): Promise<EmulatorInfo & { dataDir: string; stop(): Promise<void> }> {
  const dataDir = await temporaryFolder(t);
  const json = join(dataDir, 'endpoints.json');
  const args = ['local', '--data-dir', dataDir, '--json', json, '--port', String(port), '--workers', '2'];
  const { child, done } = start(t, args);
  const stop = async () => {
    child.kill('SIGINT');
    await done;
  };
  const text = await until('the emulator to start', async () => {
    const written = await readFile(json, 'utf8').catch(() => '');
    return written.endsWith('\n') && written;
  });
  return { ...JSON.parse(text), dataDir, stop };
}

const textOf = (page: Page, id: string) => page.locator(`#${id}`).innerText();

/** Wait for a text; what the page forbids to scripts in strings, waiting in it would need. */
async function untilText(page: Page, id: string, text: string): Promise<void> {
  let found: string | null = null;
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 30) {
    found = await page.locator(`#${id}`).textContent();
    if (found === text) return;
    await sleep(30);
  }
  throw new Error(`#${id} did not become ${text} within 60 s, it is ${found}`);
}

/** Wait until what the page shows equals `expected`; its tables follow within 200 ms. */
async function untilEqual<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (Date.now() < endMs && !isDeepStrictEqual(await read(), expected)) await sleep(30);
  assert.deepEqual(await read(), expected);
}

/** Move the time slider, in milliseconds from the first event. */
async function moveTo(page: Page, ms: number): Promise<void> {
  await page.evaluate(
    `const time = document.querySelector('#time'); time.value = ${ms}; time.dispatchEvent(new Event('input'))`,
  );
}

/** Everything that the page says of the run, but for where it is from. */
async function numbersOf(page: Page): Promise<Record<string, string>> {
  const ids =
    'accuracy accuracyMore tasks tasksMore invocations invocationsMore requests requestsMore cost costMore failures';
  const stages = ['generate', 'split', 'train', 'evaluate'].flatMap((name) => [`count-${name}`, `seconds-${name}`]);
  const all = [...ids.split(' '), ...stages, 'partitionsNote', 'bucket', 'graph', 'inFlight'];
  return Object.fromEntries(
    await Promise.all(all.map(async (id) => [id, (await page.locator(`#${id}`).textContent()) ?? ''] as const)),
  );
}

suite('the dashboard in a browser', () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser.close());

  test('shows a live run to its end with the numbers of its report; replayed and exported, it is the same', async (t) => {
    const { api, s3, bucket, dashboard, dataDir, stop } = await up(t);
    const { page, errors } = await openPage(browser, dashboard!);
    await untilText(page, 'source', 'live');
    const response = await fetch(`${api}/runs`, { method: 'POST', body: JSON.stringify(JOB) });
    assert.equal(response.status, 202);
    await untilText(page, 'state', 'succeeded');

    const object = (key: string) => fetch(`${s3}/${bucket}/runs/seen/${key}`);
    const report = (await (await object('report.json')).json()) as ClassReport;
    const html = await (await object('report.html')).text();
    // the sandboxes' last words come after the report
    await untilText(page, 'inFlight', '0 / 2');
    const { tasks, accuracy, accuracyInterval, accuracyCeiling, rows } = report;
    await untilText(page, 'accuracy', accuracy.toFixed(4));
    await untilText(page, 'count-evaluate', '4 / 4');
    await sleep(500); // the last requests to S3 end after the report: the page must have all of them to compare
    const numbers = await numbersOf(page);
    assert.equal(numbers.accuracy, accuracy.toFixed(4));
    const [low, high] = accuracyInterval.map((bound) => bound.toFixed(4));
    assert.equal(numbers.accuracyMore, `95 %: ${low} to ${high} · ceiling ${accuracyCeiling!.toFixed(4)}`);
    assert.equal(numbers.tasks, String(tasks.total));
    assert.equal(numbers.tasksMore, `${rows.total.toLocaleString('en-US')} rows`);
    assert.equal(numbers.invocations, String(tasks.attempts));
    const requests = Object.values(report.usage).reduce((sum, { s3Reads, s3Writes }) => sum + s3Reads + s3Writes, 0);
    assert.equal(numbers.requests, requests.toLocaleString('en-US'));
    // the counts from the events of the sandboxes equal those of the report
    const seen = await page.evaluate<{ workerInvocations: number; reads: number; writes: number; firstMs: number }>(
      "(({ workerInvocations, firstMs, s3 }) => ({ workerInvocations, firstMs, ...s3 }))(globalThis.arvoredo.model().runs.get('seen'))",
    );
    assert.equal(seen.workerInvocations, tasks.attempts);
    assert.ok(
      Math.abs(seen.reads + seen.writes - requests) <= 0.1 * requests,
      `${seen.reads + seen.writes} of ${requests}`,
    );
    assert.equal(numbers.invocationsMore, '0 retried · 0 throttled');
    for (const { name, numTasks } of report.stages) assert.equal(numbers[`count-${name}`], `${numTasks} / ${numTasks}`);
    assert.equal(numbers.cost, `$${report.bill.toFixed(6)}`);
    assert.match(numbers.partitionsNote, /^4 partitions, 4,000 rows, /);
    assert.match(numbers.bucket, /evaluate\/ — 4 objects/);

    const events = await (await fetch(`${dashboard}/events.ndjson`)).text();
    const replay = await openPage(browser, `${dashboard}/?file=events.ndjson`);
    await replay.page.locator('html[data-loaded]').waitFor({ state: 'attached' });
    await untilText(replay.page, 'state', 'succeeded');
    await untilEqual(() => numbersOf(replay.page), numbers);

    // before the last stage it is not yet done; at the end it is as it was
    const all = events
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const isLast = ({ type, stages }: RunStatus & { type: string }) => type === 'runStatus' && stages.length === 4;
    await moveTo(replay.page, all.find(isLast).atMs - seen.firstMs - 1);
    await untilText(replay.page, 'state', 'running');
    assert.deepEqual([await textOf(replay.page, 'accuracy'), await textOf(replay.page, 'count-evaluate')], ['–', '']);
    await moveTo(replay.page, Number.MAX_SAFE_INTEGER);
    await untilText(replay.page, 'state', 'succeeded');
    await untilEqual(() => numbersOf(replay.page), numbers);

    const file = join(dataDir, 'export.html');
    await writeFile(file, Buffer.from(await (await fetch(`${dashboard}/export.html`)).arrayBuffer()));
    const exported = await openPage(browser, pathToFileURL(file).href);
    await untilText(exported.page, 'state', 'succeeded');
    await untilEqual(() => numbersOf(exported.page), numbers);

    assert.ok(events.split('\n').length > 100);
    await stop();
    await untilText(page, 'source', 'stopped');
    assert.equal(await textOf(page, 'accuracy'), numbers.accuracy);
    assert.deepEqual([...errors, ...replay.errors, ...exported.errors], []);
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme });
      assert.deepEqual(await seriousFaults(page), [], scheme);
    }

    // another emulator at the same port: the page shows it, and nothing of the one before
    const next = await up(t, Number(new URL(dashboard!).port) + 1);
    assert.equal(next.dashboard, dashboard);
    await untilText(page, 'state', 'waiting for a run');
    await untilText(page, 'source', 'live');
    await next.stop();

    const reportFile = join(dataDir, 'report.html');
    await writeFile(reportFile, html);
    const paper = await openPage(browser, pathToFileURL(reportFile).href);
    assert.equal(await paper.page.locator('.big').innerText(), accuracy.toFixed(4));
    for (const scheme of ['light', 'dark'] as const) {
      await paper.page.emulateMedia({ colorScheme: scheme });
      assert.deepEqual(await seriousFaults(paper.page), [], scheme);
    }
    const isWide = await paper.page.evaluate('document.documentElement.scrollWidth > innerWidth');
    assert.equal(isWide, false);
    assert.deepEqual(paper.errors, []);
  });

  /** A page of its own, fed with events. */
  async function openFed(t: TestContext, lines: unknown[]) {
    const folder = await temporaryFolder(t);
    const file = join(folder, 'page.html');
    await writeFile(file, await exportPage('dist/dashboard', lines.map((line) => JSON.stringify(line)).join('\n')));
    const opened = await openPage(browser, pathToFileURL(file).href, { viewport: { width: 390, height: 780 } });
    await opened.page.locator('html[data-loaded]').waitFor({ state: 'attached' });
    return opened;
  }

  const EVIL = '</script><img src=x onerror="document.title=1">';
  const sandbox = (id: string) => ({ sandboxId: id, functionName: 'arvoredo-train', pid: 7 });
  const FAILING = [
    {
      type: 'emulatorStarted',
      atMs: 0,
      workers: 2,
      functions: [{ name: 'arvoredo-train', memoryMiB: 512 }],
      usd: { gbSecond: 1e-5, invocation: 2e-7, s3Write: 5e-6, s3Read: 4e-7 },
    },
    { type: 'runRequested', atMs: 1, runId: EVIL, params: {} },
    { type: 'sandboxStarted', atMs: 10, ...sandbox('train-aaaa') },
    { type: 'sandboxReady', atMs: 100, initMs: 90, ...sandbox('train-aaaa') },
    {
      type: 'invokeStarted',
      atMs: 101,
      requestId: 'r1',
      coldStart: true,
      input: '{"kind":"merge"}',
      ...sandbox('train-aaaa'),
    },
    { type: 'log', atMs: 102, text: EVIL, ...sandbox('train-aaaa') },
    { type: 'sandboxExited', atMs: 400, reason: 'outOfMemory', ...sandbox('train-aaaa') },
    { type: 'sandboxStarted', atMs: 500, ...sandbox('train-bbbb') },
    { type: 'sandboxReady', atMs: 600, initMs: 90, ...sandbox('train-bbbb') },
    {
      type: 'invokeStarted',
      atMs: 601,
      requestId: 'r2',
      coldStart: true,
      input: '{"kind":"merge"}',
      ...sandbox('train-bbbb'),
    },
    {
      type: 'invokeFinished',
      atMs: 900,
      requestId: 'r2',
      coldStart: true,
      durationMs: 299,
      billedMs: 390,
      maxMemoryMiB: 500,
      ...sandbox('train-bbbb'),
    },
  ];

  test('shows a failure with the end of the log, also on a phone; the keyboard reaches every control', async (t) => {
    const { page, errors } = await openFed(t, FAILING);
    await untilText(page, 'failures', '1');
    // by Tab alone from the top to the stream, then through its bars
    const reached: string[] = [];
    while (reached.at(-1) !== 'stream' && reached.length < 20) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate<string>('document.activeElement.id || document.activeElement.className'));
    }
    assert.deepEqual(reached, ['skip', 'run', 'file', 'theme', 'zoomIn', 'zoomOut', 'fit', 'stream']);
    const said = async (key: string) => {
      await page.keyboard.press(key);
      return textOf(page, 'selection');
    };
    assert.match(await said('ArrowRight'), /^train: cold start of train-aaaa, 90 ms$/);
    assert.match(
      await said('ArrowRight'),
      /^merge, 299 ms, 0 S3 requests, first of its sandbox, failed: outOfMemory — train-aaaa$/,
    );
    assert.match(await said('ArrowDown'), /train-bbbb/);
    assert.match(await said('ArrowRight'), /attempt 2/);
    for (const key of ['+', 'PageDown', '-', '0']) await page.keyboard.press(key);
    assert.match(await said('Escape'), /^Click a bar/);
    const summary = page.locator('#failureList summary');
    assert.match(await summary.innerText(), /^0\.40 s: merge, outOfMemory$/);
    await summary.focus();
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('#failureList pre').innerText(), EVIL);
    assert.notEqual(await page.title(), '1');
    assert.equal(await textOf(page, 'invocationsMore'), '1 retried · 0 throttled');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);

    await page.locator('#theme').press('Enter');
    await page.locator('#theme').press('Enter');
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
    assert.deepEqual(await seriousFaults(page), []);
    assert.deepEqual(errors, []);
  });

  const request = (runId: string, atMs: number) => ({ type: 'runRequested', atMs, runId, params: { workers: 2 } });
  const status = (runId: string, atMs: number, state: string, more: object = {}) => ({
    type: 'runStatus',
    atMs,
    runId,
    state,
    stages: [{ name: 'train', state: 'running', numTasks: 2, startedAtMs: atMs }],
    ...more,
  });
  const invoke = (runId: string, atMs: number, id: string) => [
    { type: 'sandboxStarted', atMs, ...sandbox(id) },
    { type: 'sandboxReady', atMs: atMs + 10, initMs: 9, ...sandbox(id) },
    ...[0, 1].flatMap((i) => {
      const fields = { requestId: `${id}${i}`, coldStart: i === 0, ...sandbox(id) };
      const input = JSON.stringify({ runId, treeStart: i, treeEnd: i + 1 });
      const times = { durationMs: 40, billedMs: 40, maxMemoryMiB: 50 };
      return [
        { type: 'invokeStarted', atMs: atMs + 20 + 50 * i, input, ...fields },
        { type: 'invokeFinished', atMs: atMs + 60 + 50 * i, ...times, ...fields },
      ];
    }),
  ];
  const SEVERAL = [
    FAILING[0],
    request('first', 1000),
    status('first', 1010, 'running'),
    ...invoke('first', 1020, 'train-1111'),
    status('first', 1300, 'failed', { error: { name: 'TaskFailedError', message: `task <b>${EVIL}</b> failed` } }),
    request('second', 900_000),
    status('second', 900_010, 'running'),
    ...invoke('second', 900_020, 'train-2222'),
    ...invoke('second', 900_030, 'train-3333'),
    { type: 's3', atMs: 900_900, operation: 'PutObject', key: 'runs/second/cancel.json', status: 200, requestBytes: 9, responseBytes: 0, ms: 1 },
  ]; // biome-ignore format: a line each

  test('of several runs shows the one that is chosen, its time and its sandboxes, or all', async (t) => {
    const { page, errors } = await openFed(t, SEVERAL);
    const shows = async () => ({
      run: await page.locator('#run').inputValue(),
      ...Object.fromEntries(
        await Promise.all(
          ['state', 'accuracyMore', 'invocations', 'workersNote', 'clock', 'inFlight'].map(async (id) => [
            id,
            await textOf(page, id),
          ]),
        ),
      ),
    });
    const choose = async (run: string, state: string) => {
      await page.selectOption('#run', run);
      await untilText(page, 'state', state);
    };
    await untilText(page, 'state', 'cancelled');
    const second = {
      run: 'second',
      state: 'cancelled',
      accuracyMore: 'the run was cancelled',
      invocations: '4',
      workersNote: '2 alive, 0 ended',
      clock: '0.9 s',
      inFlight: '0 / 2',
    };
    await untilEqual(shows, second);
    assert.match((await page.locator('#graph').textContent())!, /train0 of 2, cancelled/);
    assert.equal(await page.locator('#runError').isHidden(), true);
    await choose('first', 'failed');
    const first = {
      run: 'first',
      state: 'failed',
      accuracyMore: 'the run failed',
      invocations: '2',
      workersNote: '1 alive, 0 ended',
      clock: '0.3 s',
      inFlight: '0 / 2',
    };
    await untilEqual(shows, first);
    assert.equal(await textOf(page, 'runError'), `TaskFailedError: task <b>${EVIL}</b> failed`);
    assert.deepEqual(await seriousFaults(page), []);
    // looking back stays with the run
    await moveTo(page, 60);
    await untilText(page, 'state', 'running');
    await untilText(page, 'invocations', '1');
    assert.equal(await page.locator('#run').inputValue(), 'first');
    await choose('', '0 running');
    await untilEqual(shows, {
      ...second,
      run: '',
      state: '0 running',
      accuracyMore: 'at the end of the run',
      invocations: '6',
      workersNote: '3 alive, 0 ended',
      clock: '900.9 s',
    });
    await choose('second', 'cancelled');
    await untilEqual(shows, second);
    assert.deepEqual(errors, []);
  });

  test('a file without events and a missing file are reported', async (t) => {
    const { page } = await openFed(t, []);
    await untilText(page, 'source', 'this file has no events');
    const folder = await temporaryFolder(t);
    const eventsFile = join(folder, 'events.ndjson');
    await writeFile(eventsFile, '');
    const server = await startDashboard({ port: 0, pageDir: 'dist/dashboard', eventsFile, from: 0 });
    t.after(() => server.close());
    const missing = await openPage(browser, `${server.url}/?file=nothing.ndjson`);
    await untilText(missing.page, 'source', 'nothing.ndjson cannot be read: 404');
    await sleep(300); // and stays
    assert.equal(await textOf(missing.page, 'source'), 'nothing.ndjson cannot be read: 404');
  });

  test('draws 20,000 tasks in a frame', async (t) => {
    const { page, errors } = await openFed(t, FAILING);
    const drawnMs = await page.evaluate<number[]>(`(async () => {
      const { take, frames, redraw } = globalThis.arvoredo;
      const events = [];
      for (let i = 0; i < 64; i++) {
        const fields = { sandboxId: 'many-' + i, functionName: 'arvoredo-generate', pid: i };
        events.push({ type: 'sandboxStarted', atMs: 1000, ...fields }, { type: 'sandboxReady', atMs: 1100, initMs: 100, ...fields });
      }
      for (let i = 0; i < 20000; i++) {
        const fields = { sandboxId: 'many-' + (i % 64), functionName: 'arvoredo-generate', pid: i % 64, requestId: 'q' + i };
        const atMs = 1100 + Math.floor(i / 64) * 100;
        events.push({ type: 'invokeStarted', atMs, coldStart: false, input: '{"chunkIndex":' + i + '}', ...fields });
        events.push({ type: 'invokeFinished', atMs: atMs + 90, coldStart: false, durationMs: 90, billedMs: 90, maxMemoryMiB: 90, ...fields });
      }
      take(events);
      await new Promise((done) => setTimeout(done, 300));
      frames.length = 0;
      for (let i = 0; i < 20; i++) {
        redraw();
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      }
      return frames;
    })()`);
    drawnMs.sort((a, b) => a - b);
    const median = drawnMs[drawnMs.length >> 1];
    t.diagnostic(`${drawnMs.length} frames: median ${median.toFixed(1)} ms, longest ${drawnMs.at(-1)!.toFixed(1)} ms`);
    assert.ok(drawnMs.length >= 20 && median < 250, `median ${median} ms`);
    assert.deepEqual(errors, []);
  });
});
