// The page: receives events, keeps the model at the time that is shown, and draws it.

import { drawConcurrency, drawTraffic } from './charts.js';
import { byId, setText } from './dom.js';
import { count, seconds } from './format.js';
import { STAGES } from './functions.js';
import { apply, createModel } from './model.js';
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
import { fillLegend, TaskStream } from './stream.js';
import { startTheme } from './theme.js';
import { stageProgress, timeRange, workerLimit } from './views.js';

const PANELS_MS = 200; // between two updates of text and tables
const REPLAY_MS = 20_000; // a replay takes this long at most at its first speed
const MOST_SHARE = 0.5; // of the time, that drawing takes
const ALL_RUNS = ''; // no run has this id

const events = [];
let model = createModel();
let applied = 0;
/** Whether events are in the order of their times: on AWS those of tasks come at the end. */
let isOrdered = true;
/** The time that is shown; undefined for the newest. */
let cursorMs;
/** During a replay: the run that was shown before it, and its time, which the events up to the cursor do not contain. */
let heldRun;
let heldRange;
let isPlaying = false;
let speed = 1;
let source = 'none';
/** Error of a file. */
let fault = '';
/** The run that was chosen, or `ALL_RUNS`; undefined for the last. */
let chosenRun;
let shownRun;
let isDirty = true;
let lastFrameMs = 0;
let lastDrawn = { timeMs: 0, tookMs: 0, atMs: 0 };
let lastPanelsMs = 0;
let announced = '';
/** Frames that were drawn and how long each took, for measurements. */
const frames = [];

const stream = new TaskStream(byId('stream'), (text) => {
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

function showTime(toMs) {
  if (!isOrdered) events.sort((a, b) => a.atMs - b.atMs);
  const isBack = toMs !== undefined && applied > 0 && (!isOrdered || events[applied - 1].atMs > toMs);
  isOrdered = true;
  if (toMs !== undefined && cursorMs === undefined) {
    heldRange = range();
    heldRun = currentRun()?.runId;
  }
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
  fault = '';
  clearFailures();
  stream.forget();
  isDirty = true;
}

const isMoving = () =>
  source === 'live' &&
  cursorMs === undefined &&
  (currentRun() ? currentRun().state === 'running' || currentRun().workersInFlight > 0 : model.inFlight > 0);
const nowMs = () =>
  cursorMs ??
  (isMoving() ? Math.max(Date.now(), model.lastMs) : Number.isFinite(model.lastMs) ? model.lastMs : Date.now());
/** The time that the page covers: of the run, or of all runs. */
const range = () => (cursorMs === undefined ? timeRange(model, currentRun(), nowMs()) : heldRange);

/** The run that is shown; undefined for all runs, and when there is none. */
function currentRun() {
  return model.runs.get(chosenRun ?? (cursorMs === undefined ? model.lastRun : heldRun));
}

function frame(timeMs) {
  requestAnimationFrame(frame);
  const elapsedMs = timeMs - lastFrameMs;
  lastFrameMs = timeMs;
  if (isPlaying) play(elapsedMs);
  if (!isDirty && !isMoving()) return;
  // a slow machine shows fewer frames, so that the page stays usable
  if (timeMs - lastDrawn.timeMs < lastDrawn.tookMs / MOST_SHARE) return;
  const at = nowMs();
  if (!isDirty && at - lastDrawn.atMs < stream.pixelMs && timeMs - lastPanelsMs <= PANELS_MS) return;
  isDirty = false;
  const begunMs = performance.now();
  const run = currentRun();
  if (run?.runId !== shownRun) stream.forget();
  shownRun = run?.runId;
  stream.draw(model, run, range(), at);
  showPanels(run, at, timeMs);
  lastDrawn = { timeMs, tookMs: performance.now() - begunMs, atMs: at };
  frames.push(lastDrawn.tookMs);
  if (frames.length > 1000) frames.shift();
}

function showPanels(run, at, timeMs) {
  if (timeMs - lastPanelsMs <= PANELS_MS) {
    isDirty = true; // later
    return;
  }
  lastPanelsMs = timeMs;
  const whole = range();
  const { fromMs, toMs } = stream.shown;
  // during a replay the future is not known
  const shown = { fromMs, toMs: Math.max(fromMs, toMs) };
  showRuns(run);
  showTiles(model, run);
  showStages(run, at);
  drawConcurrency(byId('concurrency'), run ?? model, workerLimit(model, run), {
    baseMs: whole.fromMs,
    range: shown,
    nowMs: at,
  });
  drawTraffic(byId('traffic'), run ?? model, whole.fromMs, shown);
  showWorkers(model, run, whole, at);
  showFailures(model, run);
  showGraph(run);
  showPartitions(run);
  showBucket(run);
  showPlayer(at);
  describe(run);
}

function showRuns(run) {
  const select = byId('run');
  const runs = [...model.runs.keys()];
  const ids = runs.length > 1 ? [ALL_RUNS, ...runs] : runs;
  const isSame = select.options.length === ids.length && ids.every((id, i) => select.options[i].value === id);
  // during a replay, later runs can still be chosen
  if (!isSame && cursorMs === undefined) {
    select.replaceChildren(...ids.map((id) => new Option(id === ALL_RUNS ? 'all runs' : id, id)));
  }
  select.value = run?.runId ?? (chosenRun === ALL_RUNS ? ALL_RUNS : select.value);
  select.hidden = ids.length === 0;
  const atWork = [...model.runs.values()].filter((each) => each.state === 'running').length;
  const state = run?.state ?? (chosenRun === ALL_RUNS ? `${count(atWork)} running` : 'waiting for a run');
  setText(byId('state'), state);
  byId('state').dataset.state = state;
}

/** Announce changes to screen readers, and describe the canvases. */
function describe(run) {
  const stage = STAGES.findLast((name) => stageProgress(run, name).state !== 'waiting');
  const words = run ? `Run ${run.runId} ${run.state}${stage && run.state === 'running' ? `, ${stage}` : ''}` : '';
  if (words !== announced) setText(byId('live'), words);
  announced = words;
  byId('stream').setAttribute(
    'aria-label',
    `Task stream: ${count(stream.numRows)} sandboxes, ${count((run ?? model).workerInvocations)} invocations of workers in ${seconds(range().toMs - range().fromMs)}. Arrow keys choose a bar, + and - zoom, 0 shows all.`,
  );
  byId('concurrency').setAttribute(
    'aria-label',
    `Invocations of workers in flight: ${(run ?? model).workersInFlight} of ${workerLimit(model, run) ?? '?'} now`,
  );
  byId('traffic').setAttribute('aria-label', `Bytes from S3 above, to S3 below: ${byId('requestsMore').textContent}`);
}

function showPlayer(at) {
  const slider = byId('time');
  const { fromMs, toMs } = range();
  const secondsIn = Math.max(0, Math.min(at, toMs) - fromMs) / 1000;
  slider.max = String(Math.max(1, toMs - fromMs));
  slider.value = String(secondsIn * 1000);
  slider.setAttribute('aria-valuetext', `${secondsIn.toFixed(1)} seconds`);
  slider.disabled = events.length === 0;
  setText(byId('clock'), `${secondsIn.toFixed(1)} s`);
  setText(byId('play'), isPlaying ? 'Pause' : cursorMs === undefined ? 'Replay' : 'Play');
  byId('play').disabled = events.length === 0;
  byId('toLive').hidden = !(source === 'live' && cursorMs !== undefined);
  const words = {
    live: cursorMs === undefined ? 'live' : 'replay',
    lost: 'connection lost',
    ended: 'stopped',
    file: 'from a file',
    none: '',
  };
  if (fault) words[source] = fault;
  setText(byId('source'), words[source]);
  byId('source').dataset.source = source;
  byId('export').hidden = source === 'file' || source === 'none' || source === 'ended';
}

function play(elapsedMs) {
  const { toMs } = range();
  const next = (cursorMs ?? toMs) + elapsedMs * speed;
  if (next >= toMs) isPlaying = false;
  showTime(next >= toMs ? undefined : next);
}

function setSpeed() {
  const { fromMs, toMs } = range();
  speed = Number(byId('speed').value) * Math.max(1, (toMs - fromMs) / REPLAY_MS);
}

byId('play').addEventListener('click', () => {
  isDirty = true;
  if (isPlaying) {
    isPlaying = false;
    return;
  }
  if (cursorMs === undefined) showTime(range().fromMs);
  setSpeed();
  isPlaying = true;
});
byId('speed').addEventListener('change', setSpeed);
byId('time').addEventListener('input', () => {
  isPlaying = false;
  const slider = byId('time');
  showTime(Number(slider.value) >= Number(slider.max) ? undefined : range().fromMs + Number(slider.value));
});
byId('toLive').addEventListener('click', () => {
  isPlaying = false;
  showTime(undefined);
});
byId('run').addEventListener('change', () => {
  const { value } = byId('run');
  isPlaying = false;
  showTime(undefined);
  // the latest run is followed by the next one
  chosenRun = value === model.lastRun ? undefined : value;
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
  if (model.numEvents === 0) fault = 'this file has no events';
  isDirty = true;
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
  else if (file)
    await fetchText(file).then(openText, ({ message }) => {
      fault = message;
      isDirty = true;
    });
  else if (location.protocol.startsWith('http')) {
    const setSource = (state) => {
      source = state;
      isDirty = true;
    };
    closeLive = openLive(take, setSource, startAnew);
  }
}

fillLegend();
requestAnimationFrame(frame);
void open();
/** For tests and measurements. */
globalThis.arvoredo = { frames, take, parse, model: () => model, redraw: () => (isDirty = true) };
