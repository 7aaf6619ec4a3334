import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { ClassReport } from '../../../lib/report/class-report.ts';
import type { EmulatorEvent } from '../../../local/dashboard/event-log.ts';
import { startDashboard } from '../../../local/dashboard/server.ts';
import type { EmulatorInfo } from '../../../local/emulator/options.ts';
import { openBrowser, openPage, seriousFaults } from '../../browser.ts';
import { until } from '../../until.ts';
import { temporaryFolder } from '../command.ts';
import { moveTo, openExported, readNumbers, textOf, untilEqual, untilText } from './page.ts';
import { EVIL, FAILING, SEVERAL } from './page-events.ts';

const JOB = { samples: 4000, chunkSize: 1000, trees: 8, workers: 2, oobScore: true, strategy: 'trees', runId: 'seen' };

interface RunningEmulator extends EmulatorInfo {
  dataDir: string;
  stop(): Promise<void>;
}

/**
 * An emulator with its dashboard, in a folder that the caller removes.
 *
 * @param port the first to try; the dashboard's is the one before
 */
async function startEmulator(port = 18908): Promise<RunningEmulator> {
  const dataDir = await mkdtemp(join(tmpdir(), 'arvoredo-page-'));
  const json = join(dataDir, 'endpoints.json');
  const args = ['local', '--data-dir', dataDir, '--json', json, '--port', String(port), '--workers', '2'];
  const child: ChildProcess = spawn(process.execPath, ['dist/arvoredo.mjs', ...args], { stdio: 'ignore' });
  const ended = once(child, 'close');
  process.once('exit', () => child.kill('SIGKILL')); // when the test fails
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
  };
  const text = await until('the emulator to start', async () => {
    const written = await readFile(json, 'utf8').catch(() => '');
    return written.endsWith('\n') && written;
  });
  return { ...JSON.parse(text), dataDir, stop };
}

async function assertAccessible(page: Page): Promise<void> {
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    assert.deepEqual(await seriousFaults(page), [], scheme);
  }
}

/** What the functions of a stage have requested of S3, by the events of their sandboxes. */
function countRequests(events: readonly EmulatorEvent[], stage: string): number {
  const sandboxes = new Set(
    events.flatMap((event) =>
      event.type === 'sandboxStarted' && event.functionName === `arvoredo-${stage}` ? [event.sandboxId] : [],
    ),
  );
  return events.filter((event) => event.type === 's3' && sandboxes.has(event.sandboxId!)).length;
}

suite('the dashboard in a browser', () => {
  let browser: Browser;
  before(async () => {
    browser = await openBrowser();
  });
  after(() => browser.close());

  suite('with a live run', () => {
    let emulator: RunningEmulator;
    let live: { page: Page; errors: string[] };
    let report: ClassReport;
    let numbers: Record<string, string>;
    let text: string;
    let events: EmulatorEvent[];

    before(async () => {
      emulator = await startEmulator();
      const { api, s3, bucket, dashboard } = emulator;
      live = await openPage(browser, dashboard!);
      await untilText(live.page, 'source', 'live');
      const response = await fetch(`${api}/runs`, { method: 'POST', body: JSON.stringify(JOB) });
      assert.equal(response.status, 202);
      await untilText(live.page, 'state', 'succeeded');
      report = (await (await fetch(`${s3}/${bucket}/runs/seen/report.json`)).json()) as ClassReport;
      // the last events come after the report
      await until('the page to have all events', async () => {
        text = await (await fetch(`${dashboard}/events.ndjson`)).text();
        const lines = text.trim().split('\n');
        const numShown = await live.page.evaluate<number>('globalThis.arvoredo.model().numEvents');
        return lines.some((line) => line.includes('"executionFinished"')) && numShown === lines.length;
      });
      events = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      await untilText(live.page, 'inFlight', '0 / 2');
      await untilText(live.page, 'accuracy', report.accuracy.toFixed(4));
      await untilText(live.page, 'count-evaluate', '4 / 4');
      numbers = await readNumbers(live.page);
    });
    after(async () => {
      await emulator.stop();
      await rm(emulator.dataDir, { recursive: true, force: true });
    });

    test('shows the numbers of its report', async () => {
      const { tasks, accuracyInterval, accuracyCeiling, rows, usage } = report;
      const [low, high] = accuracyInterval.map((bound) => bound.toFixed(4));
      assert.equal(numbers.accuracyMore, `95 %: ${low} to ${high} · ceiling ${accuracyCeiling!.toFixed(4)}`);
      assert.equal(numbers.tasks, String(tasks.total));
      assert.equal(numbers.tasksMore, `${rows.total.toLocaleString('en-US')} rows`);
      assert.equal(numbers.invocations, String(tasks.attempts));
      assert.equal(numbers.invocationsMore, '0 retried · 0 throttled');
      const requests = Object.values(usage).reduce((sum, { s3Reads, s3Writes }) => sum + s3Reads + s3Writes, 0);
      assert.equal(numbers.requests, requests.toLocaleString('en-US'));
      for (const { name, numTasks } of report.stages) {
        assert.equal(numbers[`count-${name}`], `${numTasks} / ${numTasks}`);
      }
      assert.equal(numbers.cost, `$${report.bill.toFixed(6)}`);
      assert.match(numbers.partitionsNote, /^4 partitions, 4,000 rows, /);
      assert.match(numbers.bucket, /evaluate\/ — 4 objects/);
    });

    test('counts in the events of its sandboxes what its report counts', async () => {
      const shown = await live.page.evaluate("globalThis.arvoredo.model().runs.get('seen').workerInvocations");
      assert.equal(shown, report.tasks.attempts);
      for (const { name } of report.stages) {
        const { s3Reads, s3Writes } = report.usage[name as keyof typeof report.usage];
        assert.equal(countRequests(events, name), s3Reads + s3Writes, name);
      }
    });

    test('shows the same when replayed, and in its middle what was then known', async () => {
      const { page, errors } = await openPage(browser, `${emulator.dashboard}/?file=events.ndjson`);
      await page.locator('html[data-loaded]').waitFor({ state: 'attached' });
      await untilText(page, 'state', 'succeeded');
      await untilEqual(() => readNumbers(page), numbers);
      // before the last stage it is not yet done; at the end it is as it was
      const last = events.find((event) => event.type === 'runStatus' && event.stages.length === 4)!;
      const firstMs = await page.evaluate<number>("globalThis.arvoredo.model().runs.get('seen').firstMs");
      await moveTo(page, last.atMs - firstMs - 1);
      await untilText(page, 'state', 'running');
      assert.deepEqual([await textOf(page, 'accuracy'), await textOf(page, 'count-evaluate')], ['–', '']);
      await moveTo(page, Number.MAX_SAFE_INTEGER);
      await untilText(page, 'state', 'succeeded');
      await untilEqual(() => readNumbers(page), numbers);
      assert.deepEqual(errors, []);
    });

    test('shows the same when exported to a file', async () => {
      const file = join(emulator.dataDir, 'export.html');
      await writeFile(file, Buffer.from(await (await fetch(`${emulator.dashboard}/export.html`)).arrayBuffer()));
      const { page, errors } = await openPage(browser, pathToFileURL(file).href);
      await untilText(page, 'state', 'succeeded');
      await untilEqual(() => readNumbers(page), numbers);
      assert.deepEqual(errors, []);
    });

    test('has a report page that is accessible, light and dark, and fits the window', async () => {
      const { s3, bucket, dataDir } = emulator;
      const file = join(dataDir, 'report.html');
      await writeFile(file, await (await fetch(`${s3}/${bucket}/runs/seen/report.html`)).text());
      const { page, errors } = await openPage(browser, pathToFileURL(file).href);
      assert.equal(await page.locator('.big').innerText(), report.accuracy.toFixed(4));
      await assertAccessible(page);
      assert.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth'), false);
      assert.deepEqual(errors, []);
    });

    test('keeps the run when the emulator stops, and shows the next emulator at the same port', async () => {
      const { page, errors } = live;
      await emulator.stop();
      await untilText(page, 'source', 'stopped');
      assert.equal(await textOf(page, 'accuracy'), numbers.accuracy);
      assert.deepEqual(errors, []); // later the page cannot connect
      await assertAccessible(page);
      const next = await startEmulator(Number(new URL(emulator.dashboard!).port) + 1);
      assert.equal(next.dashboard, emulator.dashboard);
      await untilText(page, 'state', 'waiting for a run');
      await untilText(page, 'source', 'live');
      await next.stop();
      await rm(next.dataDir, { recursive: true, force: true });
    });
  });

  test('shows a failure and the end of its log, on a phone; the keyboard reaches every control', async (t) => {
    const { page, errors } = await openExported(t, browser, FAILING);
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

  test('shows the chosen one of several runs, its time and its sandboxes, or all runs', async (t) => {
    const { page, errors } = await openExported(t, browser, SEVERAL);
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
    const { page } = await openExported(t, browser, []);
    await untilText(page, 'source', 'this file has no events');
    const folder = await temporaryFolder(t);
    const eventsFile = join(folder, 'events.ndjson');
    await writeFile(eventsFile, '');
    const server = await startDashboard({ port: 0, pageDir: 'dist/dashboard', eventsFile, from: 0 });
    t.after(() => server.close());
    const missing = await openPage(browser, `${server.url}/?file=nothing.ndjson`);
    await untilText(missing.page, 'source', 'nothing.ndjson cannot be read: 404');
    await missing.page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    assert.equal(await textOf(missing.page, 'source'), 'nothing.ndjson cannot be read: 404');
  });

  test('draws 20,000 tasks in a frame', async (t) => {
    const { page, errors } = await openExported(t, browser, FAILING);
    await page.evaluate(`(() => {
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
      globalThis.arvoredo.take(events);
    })()`);
    await untilText(page, 'invocations', '20,002'); // the tables follow within 200 ms
    const drawnMs = await page.evaluate<number[]>(`(async () => {
      const { frames, redraw } = globalThis.arvoredo;
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
