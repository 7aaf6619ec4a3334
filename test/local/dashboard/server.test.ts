import assert from 'node:assert/strict';
import { appendFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { exportPage } from '../../../local/dashboard/export.ts';
import { watchRuns } from '../../../local/dashboard/run-watch.ts';
import { startDashboard } from '../../../local/dashboard/server.ts';
import { until } from '../../until.ts';
import { temporaryFolder } from '../command.ts';

async function up(t: TestContext, before = '') {
  const eventsFile = join(await temporaryFolder(t), 'events.ndjson');
  await writeFile(eventsFile, before);
  const pageDir = resolve('local/dashboard/page');
  const server = await startDashboard({ port: 0, pageDir, eventsFile, from: Buffer.byteLength(before) });
  t.after(() => server.close().catch(() => {}));
  return { ...server, eventsFile };
}

/** A stream of events that is being read. */
interface Reading {
  /** Settles when a line with this number has come. */
  received(n: number): Promise<unknown>;
  result: Promise<{ lines: number[]; lastId?: string; begins: boolean; ended: boolean }>;
}

/** Open a stream of events, and read it until it has `numLines` lines of data, or ends. */
async function open(url: string, numLines: number, headers: Record<string, string> = {}): Promise<Reading> {
  const stop = new AbortController();
  const response = await fetch(`${url}/events`, { headers, signal: stop.signal });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  let text = '';
  const decoder = new TextDecoder();
  // the last line may still be on its way
  const lines = (): number[] =>
    text
      .slice(0, text.lastIndexOf('\n'))
      .split('\n')
      .filter((each) => each.startsWith('data:{'))
      .map((each) => JSON.parse(each.slice(5)).n);
  const readAll = async () => {
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (lines().length >= numLines) break;
    }
    stop.abort();
    return {
      lines: lines(),
      lastId: /.*\nid:(\S+)/s.exec(text)?.[1],
      begins: text.includes('event: begin'),
      ended: text.includes('event: end'),
    };
  };
  return { received: (n) => until(`line ${n}`, () => lines().includes(n)), result: readAll() };
}

async function read(url: string, numLines: number, headers: Record<string, string> = {}) {
  return (await open(url, numLines, headers)).result;
}

const line = (n: number, more = '') => `${JSON.stringify({ type: 'x', atMs: 1, n, more })}\n`;

test('a stream has all lines of this emulator, old and new, and resumes where it was interrupted', async (t) => {
  const { url, eventsFile } = await up(t, line(-1));
  await appendFile(eventsFile, line(0) + line(1));
  const first = await read(url, 2);
  assert.deepEqual(first.lines, [0, 1]);
  await appendFile(eventsFile, line(2) + line(3).slice(0, 10));
  assert.equal(first.begins, true);
  const second = await open(url, 2, { 'last-event-id': first.lastId! });
  await second.received(2); // in one piece with half of the next
  await appendFile(eventsFile, line(3).slice(10));
  const { lines, begins } = await second.result;
  assert.deepEqual(lines, [2, 3], 'half a line waits for the rest');
  assert.equal(begins, false);
  // an ID of another log, beyond the end of this one, or invalid: the stream starts anew
  const [log, position] = first.lastId!.split(':');
  for (const id of ['0', 'x', `other:${position}`, `${log}:999999`, `${log}:1e3`]) {
    const { lines, begins } = await read(url, 4, { 'last-event-id': id });
    assert.deepEqual([lines, begins], [[0, 1, 2, 3], true], id);
  }
});

test('a page that followed one emulator follows the next one in the same folder', async (t) => {
  const before = await up(t);
  await appendFile(before.eventsFile, line(0));
  const { lastId } = await read(before.url, 1);
  await appendFile(before.eventsFile, line(1));
  await before.close();
  const from = (await stat(before.eventsFile)).size;
  const pageDir = resolve('local/dashboard/page');
  const after = await startDashboard({ port: 0, pageDir, eventsFile: before.eventsFile, from });
  t.after(() => after.close());
  await appendFile(before.eventsFile, line(2));
  assert.deepEqual((await read(after.url, 2, { 'last-event-id': lastId! })).lines, [1, 2]);
  assert.deepEqual((await read(after.url, 1)).lines, [2]);
});

test('long logs and long lines arrive complete', async (t) => {
  const { url, eventsFile } = await up(t);
  const many = Array.from({ length: 3000 }, (_, n) => line(n, 'é'.repeat(n === 7 ? 400_000 : 200)));
  await writeFile(eventsFile, many.join(''));
  const { lines } = await read(url, 3000);
  assert.deepEqual(lines, [...many.keys()]);
});

test('when the emulator stops, a stream gets the remaining lines and an end event', async (t) => {
  const { url, eventsFile, close } = await up(t);
  const { result } = await open(url, 10);
  await appendFile(eventsFile, line(0));
  await close();
  const { lines, ended } = await result;
  assert.deepEqual([lines, ended], [[0], true]);
});

test('only the page and its modules are served, and only to pages of this server', async (t) => {
  const { url, port } = await up(t);
  const get = (path: string, headers: Record<string, string> = {}) => fetch(url + path, { headers });
  const page = await get('/');
  assert.match(await page.text(), /<title>arvoredo dashboard/);
  assert.match(page.headers.get('content-security-policy')!, /default-src 'none'; script-src 'self'/);
  for (const name of ['app.js', 'model.js', 'style.css']) assert.equal((await get(`/${name}`)).status, 200, name);
  for (const path of ['/../server.ts', '/..%2fserver.ts', '/server.ts', '/nothing.js', '/a/b.js', '/%00.js'])
    assert.equal((await get(path)).status, 404, path);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  assert.equal((await get('/events.ndjson', { 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await get('/events', { origin: 'http://evil.example' })).status, 403);
  assert.equal(new URL(url).hostname, '127.0.0.1');
  assert.equal(Number(new URL(url).port), port);
});

test('text in events cannot break out of an exported page', async () => {
  const events = JSON.stringify({ type: 'log', text: '</script><script>alert(1)</script><!--' });
  const page = await exportPage('dist/dashboard', events);
  const data = /<script type="application\/x-ndjson" id="events">(.*?)<\/script>/s.exec(page)![1];
  assert.deepEqual(JSON.parse(data), JSON.parse(events));
  assert.ok(!page.includes('alert(1)</script>') && !/(src|href)="(?!data:|#)[\w.]+\.(js|css)"/.test(page));
});

const REPORT = { accuracy: 0.5, tasks: { total: 1, attempts: 1 }, rows: { total: 3 }, bill: 0, forecast: 0 };

test('valid documents of runs become events, immutable ones once; other objects do not', () => {
  const objects: Record<string, string> = {
    'runs/a/run.json': '{"params":{"seed":1}}',
    'runs/a/status.json': '{"state":"running","stages":[],"usage":{}}',
    'runs/a/dataset/part-00007.json': '{"classCounts":[1,2],"numRows":3,"partition":{"bytes":9},"min":[0]}',
    'runs/a/report.json': JSON.stringify({
      ...REPORT,
      curves: [1],
      timeline: [2],
      dataset: { label: { classes: ['no', 'yes'] } },
    }),
    'runs/b/status.json': 'no JSON',
    'runs/c/status.json': 'null',
    // JSON that lacks what the page reads, or has it of another type
    'runs/b/run.json': '{"params":"none"}',
    'runs/d/status.json': '{"state":"running","stages":[null]}',
    'runs/e/status.json': '{"state":"asleep","stages":[]}',
    'runs/b/dataset/part-00000.json': '{"classCounts":["1"],"numRows":1,"partition":{"bytes":9}}',
    'runs/b/report.json': '{"accuracy":0.5}',
    'runs/a/train/part-00000.arrow': '{}',
    'else/run.json': '{}',
  };
  const events: object[] = [];
  const onWritten = watchRuns(
    (key) => objects[key],
    ({ atMs, ...event }) => events.push(event),
  );
  onWritten('runs/d/run.json'); // an attempt that stored nothing
  for (const key of [...Object.keys(objects), ...Object.keys(objects)]) onWritten(key);
  const status = { type: 'runStatus', runId: 'a', state: 'running', stages: [] };
  assert.deepEqual(events, [
    { type: 'runRequested', runId: 'a', params: { seed: 1 } },
    status,
    { type: 'partition', runId: 'a', index: 7, classCounts: [1, 2], bytes: 9 },
    { type: 'runReport', runId: 'a', ...REPORT, classes: ['no', 'yes'] },
    status,
  ]);
});
