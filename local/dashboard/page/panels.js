// The parts of the page that are text, tables and a drawing: all from the model.

import { byId, h, s, setText } from './dom.js';
import { bytes, count, percent, seconds, taskName, usd } from './format.js';
import { progressOf, STAGES, shortName } from './model.js';

const MAX_ROWS = 60;
const MAX_KEYS = 200;
const MAX_MESSAGE = 100;

/** The numbers at the top. */
export function showTiles(model, run) {
  const report = run?.report;
  const stages = STAGES.map((name) => progressOf(run, name));
  const done = stages.reduce((sum, stage) => sum + stage.done, 0);
  const total = stages.reduce((sum, stage) => sum + stage.total, 0);
  const limit = model.emulator?.workers;
  const faults = [...model.faults.values()].reduce((sum, each) => sum + each, 0);
  const set = (id, text) => setText(byId(id), text);
  const isOfValues = (report?.task ?? run?.params?.task) === 'regression';
  set('accuracyLabel', isOfValues ? 'R²' : 'Accuracy');
  set('accuracy', report ? (isOfValues ? report.r2 : report.accuracy).toFixed(4) : '–');
  set('accuracyMore', report ? describeInterval(report) : 'at the end of the run');
  set('tasks', report ? count(report.tasks.total) : total > 0 ? `${count(done)} / ${count(total)}` : '–');
  set('tasksMore', report ? `${count(report.rows.total)} rows` : run ? nextOf(stages) : '');
  set('invocations', count(model.workerInvocations));
  set('invocationsMore', `${count(model.retries)} tried again · ${count(model.throttled)} throttled`);
  set(
    'inFlight',
    limit === undefined ? count(model.workersInFlight) : `${count(model.workersInFlight)} / ${count(limit)}`,
  );
  set('requests', count(model.s3.reads + model.s3.writes));
  set('requestsMore', `${bytes(model.s3.bytesRead)} out · ${bytes(model.s3.bytesWritten)} in`);
  set('costLabel', report ? 'on AWS, this run' : 'on AWS, so far');
  set('cost', report ? usd(report.bill) : `≈ ${usd(model.usd.functions + model.usd.s3)}`);
  set('costMore', report ? `forecast ${usd(report.forecast)}` : 'time and requests of all');
  set('failures', count(model.numFailures));
  set('failuresMore', faults > 0 ? `${count(faults)} faults injected` : `${count(model.s3.errors)} S3 errors`);
}

function describeInterval(report) {
  const interval = report.task === 'regression' ? report.r2Interval : report.accuracyInterval;
  const best = report.task === 'regression' ? report.r2Ceiling : report.accuracyCeiling;
  return [
    ...(interval ? [`${interval[0].toFixed(4)} to ${interval[1].toFixed(4)}`] : []),
    ...(best === null ? [] : [`ceiling ${best.toFixed(4)}`]),
  ].join(' · ');
}

function nextOf(stages) {
  const at = stages.findIndex(({ state }) => state !== 'done');
  return at === -1 ? 'writing the report' : stages[at].state === 'running' ? STAGES[at] : `before ${STAGES[at]}`;
}

/** A bar for each stage. */
export function showStages(run, nowMs) {
  for (const name of STAGES) {
    const { state, total, done, startedAtMs, finishedAtMs } = progressOf(run, name);
    const bar = byId(`progress-${name}`);
    bar.max = Math.max(1, total);
    bar.value = done;
    setText(byId(`count-${name}`), total > 0 ? `${count(done)} / ${count(total)}` : '');
    const ms = startedAtMs === undefined ? undefined : Math.max(0, (finishedAtMs ?? nowMs) - startedAtMs);
    setText(byId(`seconds-${name}`), ms === undefined ? '' : seconds(ms));
    byId(`stage-${name}`).dataset.state = state;
  }
}

const SANDBOX_STATES = { starting: 'starting', idle: 'frozen', busy: 'working' };

/** The sandboxes that there are. */
export function showWorkers(model, nowMs) {
  const live = model.rows.filter(({ state }) => state !== 'gone');
  const rows = live.slice(-MAX_ROWS).map(({ id, functionName, pid, state, invocation, invocations, peakMiB }) => {
    const limit = model.emulator?.memoryMiB.get(functionName);
    const share = limit ? Math.min(1, peakMiB / limit) : 0;
    const doing = invocation
      ? `${taskName(functionName, invocation.input)}, ${seconds(Math.max(0, nowMs - invocation.startMs))}`
      : SANDBOX_STATES[state];
    const memory = peakMiB > 0 ? `${count(peakMiB)}${limit ? ` of ${count(limit)}` : ''} MiB` : '–';
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, `${shortName(functionName)} ${id.slice(-4)}`),
      h('td', { class: `state ${state}` }, doing),
      h(
        'td',
        { class: 'meter' },
        h('span', { class: share > 0.9 ? 'fill high' : 'fill', style: { width: `${100 * share}%` } }),
        h('span', {}, memory),
      ),
      h('td', { class: 'number' }, count(invocations)),
      h('td', { class: 'number' }, String(pid)),
    );
  });
  byId('workers').replaceChildren(...rows);
  const gone = model.rows.length - live.length;
  setText(
    byId('workersNote'),
    `${count(live.length)} alive, ${count(gone)} ended${live.length > MAX_ROWS ? `; the last ${MAX_ROWS} are shown` : ''}`,
  );
}

/** Adds failures that are not there yet, so that what is open stays open. */
export function showFailures(model) {
  const list = byId('failureList');
  if (Number(list.dataset.shown ?? 0) > model.numFailures) clearFailures();
  const shown = Number(list.dataset.shown ?? 0);
  for (const failure of model.failures.slice(Math.max(0, model.failures.length - (model.numFailures - shown)))) {
    const { atMs, functionName, invocation, error, log, sandboxId } = failure;
    const what = `${((atMs - model.firstMs) / 1000).toFixed(2)} s: ${taskName(functionName, invocation.input)} (attempt ${invocation.attempt}), ${error.type}${error.message ? `: ${error.message.replace(/^RequestId: \S+ (Error: )?/, '').slice(0, MAX_MESSAGE)}` : ''}`;
    list.prepend(
      h(
        'details',
        {},
        h('summary', {}, what),
        error.message?.length > MAX_MESSAGE && h('p', {}, error.message),
        h('p', { class: 'soft' }, sandboxId),
        h('pre', { tabindex: '0', 'aria-label': `end of the log of ${sandboxId}` }, log || 'it had printed nothing'),
      ),
    );
  }
  list.dataset.shown = model.numFailures;
  byId('noFailures').hidden = model.numFailures > 0;
}

export function clearFailures() {
  byId('failureList').replaceChildren();
  byId('failureList').dataset.shown = 0;
}

const BOX = { width: 118, height: 54, gap: 30 };

/** The run as a chain of fan-outs, each filled as far as it is done. */
export function showGraph(run) {
  const steps = [
    ['request', run ? 1 : 0, run ? 1 : 0],
    ...STAGES.map((name) => {
      const { done, total } = progressOf(run, name);
      return [name, done, total];
    }),
    ['report', run?.report ? 1 : 0, run?.report ? 1 : 0],
  ];
  const width = steps.length * (BOX.width + BOX.gap) - BOX.gap;
  const parts = steps.flatMap(([name, done, total], i) => {
    const x = i * (BOX.width + BOX.gap);
    const share = total > 0 ? done / total : 0;
    const many = total > 1;
    const middle = BOX.height / 2 + 12;
    const state = share === 1 ? 'done' : total > 0 ? 'running' : 'waiting';
    return [
      i > 0 && s('path', { class: 'arrow', d: `M${x - BOX.gap + 2} ${middle}H${x - 5}m-5 -4l5 4l-5 4` }),
      many && s('rect', { class: 'behind', x: x + 5, y: 5, width: BOX.width, height: BOX.height, rx: 8 }),
      s('rect', { class: `box ${state}`, x, y: 12, width: BOX.width, height: BOX.height, rx: 8 }),
      share > 0 && s('rect', { class: 'done', x, y: 12, width: BOX.width * share, height: BOX.height, rx: 8 }),
      s('text', { x: x + BOX.width / 2, y: middle - 4, 'text-anchor': 'middle', class: 'name' }, name),
      s(
        'text',
        { x: x + BOX.width / 2, y: middle + 14, 'text-anchor': 'middle' },
        total > 1 ? `${count(done)} of ${count(total)}` : state,
      ),
    ].filter(Boolean);
  });
  const graph = byId('graph');
  graph.setAttribute('viewBox', `-2 0 ${width + 8} ${BOX.height + 16}`);
  graph.setAttribute(
    'aria-label',
    `Stages of the run: ${steps.map(([name, done, total]) => `${name} ${done} of ${total}`).join(', ')}`,
  );
  graph.replaceChildren(...parts);
}

/** Size of each partition, and how its rows divide into classes. */
export function showPartitions(run) {
  const partitions = run?.partitions.map((partition, index) => ({ ...partition, index })).filter(Boolean) ?? [];
  const chart = byId('partitions');
  const rowsOf = ({ classCounts }) => classCounts.reduce((sum, rows) => sum + rows, 0);
  if (partitions.length === 0) {
    chart.replaceChildren();
    setText(byId('partitionsNote'), 'None yet.');
    return;
  }
  const length = run.partitions.length;
  const isOfValues = partitions[0].classCounts.length === 1;
  const most = Math.max(...partitions.map(rowsOf));
  const width = 600;
  const slot = width / length;
  chart.setAttribute('viewBox', `0 0 ${width} 120`);
  const bars = partitions.flatMap((partition) => {
    let below = 0;
    return partition.classCounts.map((rows, k) => {
      const height = (rows / most) * 116;
      below += height;
      return s(
        'rect',
        { class: `c${k % 10}`, x: partition.index * slot + slot * 0.08, y: 118 - below, width: slot * 0.84, height },
        s('title', {}, `partition ${partition.index}, ${isOfValues ? '' : `class ${k}: `}${count(rows)} rows`),
      );
    });
  });
  chart.replaceChildren(...bars);
  const totals = partitions[0].classCounts.map((_, k) =>
    partitions.reduce((sum, { classCounts }) => sum + (classCounts[k] ?? 0), 0),
  );
  const numRows = totals.reduce((sum, rows) => sum + rows, 0);
  const shares = totals.slice(0, 10).map((rows, k) => `class ${k} ${percent(rows / numRows)}`);
  const size = partitions.reduce((sum, { bytes: each }) => sum + each, 0);
  const text = `${count(partitions.length)} partitions, ${count(numRows)} rows, ${bytes(size)}${isOfValues ? '' : `: ${shares.join(', ')}${totals.length > 10 ? '…' : ''}`}`;
  setText(byId('partitionsNote'), text);
  chart.setAttribute('aria-label', text);
}

/** Objects of the run by folder. */
export function showBucket(run) {
  const folders = new Map();
  for (const [name, size] of run?.objects ?? []) {
    const folder = name.includes('/') ? `${name.slice(0, name.lastIndexOf('/'))}/` : '';
    const entry = folders.get(folder) ?? { keys: [], size: 0 };
    entry.keys.push([name, size]);
    entry.size += size;
    folders.set(folder, entry);
  }
  const container = byId('bucket');
  for (const folder of [...container.children]) if (!folders.has(folder.dataset.folder)) folder.remove();
  for (const [folder, { keys, size }] of [...folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let details = [...container.children].find((each) => each.dataset.folder === folder);
    if (!details) {
      details = h('details', { 'data-folder': folder }, h('summary'), h('ul'));
      details.addEventListener('toggle', () => listKeys(details));
      // those that are there stay where they are: moving one would take the focus from it
      container.insertBefore(details, [...container.children].find((each) => each.dataset.folder > folder) ?? null);
    }
    details.keys = keys;
    setText(
      details.firstElementChild,
      `${folder || 'documents'} — ${count(keys.length)} ${keys.length === 1 ? 'object' : 'objects'}, ${bytes(size)}`,
    );
    listKeys(details);
  }
  byId('noBucket').hidden = folders.size > 0;
}

function listKeys(details) {
  if (!details.open || details.shown === details.keys.length) return;
  details.shown = details.keys.length;
  const shown = details.keys
    .slice(0, MAX_KEYS)
    .map(([name, size]) => h('li', {}, h('code', {}, name), ` ${bytes(size)}`));
  if (details.keys.length > MAX_KEYS) shown.push(h('li', {}, `and ${count(details.keys.length - MAX_KEYS)} more`));
  details.lastElementChild.replaceChildren(...shown);
}
