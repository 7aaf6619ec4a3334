// The page: takes events in, keeps the model at the time that is looked at, and shows it.

import { drawConcurrency, drawTraffic } from './charts.js';
import { byId, setText } from './dom.js';
import { count, seconds } from './format.js';
import { apply, createModel, progressOf, STAGES } from './model.js';
import {
  clearFailures,
  showBucket,
  showFailures,
  showGraph,
  showPartitions,
  showStages,
  showTiles,
  showWorkers,
} from './panels.js';
import { fetchText, openLive, parse, parseFile } from './source.js';
import { createStream, fillLegend } from './stream.js';
import { startTheme } from './theme.js';

const PANELS_MS = 200; // between two updates of text and tables
const REPLAY_MS = 20_000; // a replay takes this long at most at its first speed

const events = [];
let model = createModel();
let applied = 0;
/** Whether events are in the order of their times: on AWS those of tasks come at the end. */
let isOrdered = true;
/** The time that is looked at; undefined for the newest. */
let cursorMs;
let isPlaying = false;
let speed = 1;
let source = 'none';
let chosenRun;
let isDirty = true;
let lastFrameMs = 0;
let lastPanelsMs = 0;
let said = '';
/** Frames that were drawn and how long each took, for measurements. */
const frames = [];

const stream = createStream(byId('stream'), (text) => {
  setText(byId('selection'), text ?? 'Click a bar, or move with the arrow keys.');
  isDirty = true;
});

function take(more) {
  for (const event of more) {
    if (event.atMs < events.at(-1)?.atMs) isOrdered = false;
    events.push(event);
  }
  if (cursorMs === undefined) catchUp(Number.POSITIVE_INFINITY);
  isDirty = true;
}

/** Apply events up to a time; going back begins anew. */
function catchUp(toMs) {
  for (; applied < events.length && !(events[applied].atMs > toMs); applied++) apply(model, events[applied]);
}

function lookAt(toMs) {
  if (!isOrdered) events.sort((a, b) => a.atMs - b.atMs);
  const isBack = toMs !== undefined && applied > 0 && (!isOrdered || events[applied - 1].atMs > toMs);
  isOrdered = true;
  if (isBack) {
    model = createModel();
    applied = 0;
    clearFailures();
    stream.forget();
  }
  cursorMs = toMs;
  catchUp(toMs ?? Number.POSITIVE_INFINITY);
  isDirty = true;
}

function startAnew() {
  events.length = 0;
  isOrdered = true;
  model = createModel();
  applied = 0;
  cursorMs = undefined;
  chosenRun = undefined;
  isPlaying = false;
  clearFailures();
  stream.forget();
  isDirty = true;
}

const isMoving = () =>
  source === 'live' && cursorMs === undefined && (model.inFlight > 0 || currentRun()?.state === 'running');
const nowMs = () =>
  cursorMs ??
  (isMoving() ? Math.max(Date.now(), model.lastMs) : Number.isFinite(model.lastMs) ? model.lastMs : Date.now());

function currentRun() {
  return model.runs.get(chosenRun ?? model.lastRun);
}

function frame(timeMs) {
  requestAnimationFrame(frame);
  const elapsedMs = timeMs - lastFrameMs;
  lastFrameMs = timeMs;
  if (isPlaying) play(elapsedMs);
  if (!isDirty && !isMoving()) return;
  isDirty = false;
  const begunMs = performance.now();
  const at = nowMs();
  stream.draw(model, at);
  showPanels(at, timeMs);
  frames.push(performance.now() - begunMs);
  if (frames.length > 1000) frames.shift();
}

function showPanels(at, timeMs) {
  if (timeMs - lastPanelsMs <= PANELS_MS) {
    isDirty = true; // later
    return;
  }
  lastPanelsMs = timeMs;
  const run = currentRun();
  showRuns(run);
  showTiles(model, run);
  showStages(run, at);
  drawConcurrency(byId('concurrency'), model, at);
  drawTraffic(byId('traffic'), model, at);
  showWorkers(model, at);
  showFailures(model);
  showGraph(run);
  showPartitions(run);
  showBucket(run);
  showPlayer(at);
  describe(run);
}

function showRuns(run) {
  const select = byId('run');
  const ids = [...model.runs.keys()];
  if (select.options.length !== ids.length || [...select.options].some((option, i) => option.value !== ids[i])) {
    select.replaceChildren(...ids.map((id) => new Option(id, id)));
  }
  if (run) select.value = run.runId;
  select.disabled = ids.length === 0;
  const state = run?.state ?? 'waiting for a run';
  setText(byId('state'), state);
  byId('state').dataset.state = state;
}

/** Tell a screen reader what changed, and what the canvases show. */
function describe(run) {
  const stage = STAGES.findLast((name) => progressOf(run, name).state !== 'waiting');
  const words = run ? `Run ${run.runId} ${run.state}${stage && run.state === 'running' ? `, ${stage}` : ''}` : '';
  if (words !== said) setText(byId('live'), words);
  said = words;
  byId('stream').setAttribute(
    'aria-label',
    `Task stream: ${count(model.rows.length)} sandboxes, ${count(model.invocations)} invocations in ${seconds(Math.max(0, model.lastMs - model.firstMs) || 0)}. Arrow keys choose a bar, + and - zoom, 0 shows all.`,
  );
  byId('concurrency').setAttribute(
    'aria-label',
    `Invocations of workers in flight: ${model.workersInFlight} of ${model.emulator?.workers ?? '?'} now`,
  );
  byId('traffic').setAttribute('aria-label', `Bytes from S3 above, to S3 below: ${byId('requestsMore').textContent}`);
}

function showPlayer(at) {
  const slider = byId('time');
  const first = Number.isFinite(model.firstMs) ? model.firstMs : 0;
  const lastMs = events.at(-1)?.atMs ?? first;
  slider.max = String(Math.max(1, lastMs - first));
  slider.value = String(at - first);
  slider.setAttribute('aria-valuetext', `${((at - first) / 1000).toFixed(1)} seconds`);
  slider.disabled = events.length === 0;
  setText(byId('clock'), `${((at - first) / 1000 || 0).toFixed(1)} s`);
  setText(byId('play'), isPlaying ? 'Pause' : cursorMs === undefined || at >= lastMs ? 'Replay' : 'Play');
  byId('play').disabled = events.length === 0;
  byId('toLive').hidden = !(source === 'live' && cursorMs !== undefined);
  const words = {
    live: cursorMs === undefined ? 'live' : 'replay',
    lost: 'connection lost',
    ended: 'stopped',
    file: 'from a file',
    none: '',
  };
  setText(byId('source'), words[source]);
  byId('source').dataset.source = source;
  byId('export').hidden = source === 'file' || source === 'none' || source === 'ended';
}

function play(elapsedMs) {
  const lastMs = events.at(-1)?.atMs ?? 0;
  const next = Math.min(lastMs, (cursorMs ?? lastMs) + elapsedMs * speed);
  if (next >= lastMs) isPlaying = false;
  lookAt(next >= lastMs ? undefined : next);
}

byId('play').addEventListener('click', () => {
  isDirty = true;
  if (isPlaying) {
    isPlaying = false;
    return;
  }
  const first = events[0]?.atMs ?? 0;
  const span = (events.at(-1)?.atMs ?? 0) - first;
  if (cursorMs === undefined) lookAt(first);
  speed = Number(byId('speed').value) * Math.max(1, span / REPLAY_MS);
  isPlaying = true;
});
byId('speed').addEventListener('change', () => {
  const span = (events.at(-1)?.atMs ?? 0) - (events[0]?.atMs ?? 0);
  speed = Number(byId('speed').value) * Math.max(1, span / REPLAY_MS);
});
byId('time').addEventListener('input', () => {
  isPlaying = false;
  const slider = byId('time');
  const first = events[0]?.atMs ?? 0;
  lookAt(Number(slider.value) >= Number(slider.max) ? undefined : first + Number(slider.value));
});
byId('toLive').addEventListener('click', () => {
  isPlaying = false;
  lookAt(undefined);
});
byId('run').addEventListener('change', () => {
  chosenRun = byId('run').value;
  isDirty = true;
});
for (const [id, act] of [
  ['zoomIn', () => stream.zoom(0.5)],
  ['zoomOut', () => stream.zoom(2)],
  ['fit', () => stream.fit()],
]) {
  byId(id).addEventListener('click', () => {
    act();
    isDirty = true;
  });
}
for (const type of ['keydown', 'pointermove', 'click', 'wheel'])
  byId('stream').addEventListener(type, () => (isDirty = true));

startTheme(byId('theme'), () => {
  stream.repaint();
  isDirty = true;
});
new ResizeObserver(() => (isDirty = true)).observe(document.body);

let closeLive = () => {};
async function openText(text) {
  closeLive();
  startAnew();
  source = 'file';
  await parseFile(text, take);
  document.documentElement.dataset.loaded = 'true';
}
byId('file').addEventListener('change', async () => {
  const [file] = byId('file').files;
  if (file) await openText(await file.text());
});

async function open() {
  const embedded = byId('events');
  const file = new URLSearchParams(location.search).get('file');
  if (embedded) await openText(embedded.textContent);
  else if (file) await fetchText(file).then(openText, (error) => setText(byId('source'), error.message));
  else if (location.protocol.startsWith('http')) {
    closeLive = openLive(take, (state) => {
      source = state;
      isDirty = true;
    });
  }
}

fillLegend();
requestAnimationFrame(frame);
void open();
/** For tests and measurements. */
globalThis.arvoredo = { frames, take, parse, model: () => model, redraw: () => (isDirty = true) };
