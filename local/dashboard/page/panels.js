// The text, tables and the graph of the page, all from the model.

import { countRows, drawPartitions, partitionAt } from './charts.js';
import { byId, h, s, setText } from './dom.js';
import { bytes, count, percent, seconds, taskName, usd } from './format.js';
import { STAGES, shortName } from './functions.js';
import { selectSandboxes, stageProgress, workerLimit } from './views.js';

const MAX_ROWS = 60;
const MAX_KEYS = 200;
const MAX_MESSAGE = 140;
const MAX_KEYED = 10; // classes with an own colour in the legend
const NOT_DONE = { failed: 'the run failed', cancelled: 'the run was cancelled' };

/** The numbers at the top: of a run, or of all when there is none. */
export function showTiles(model, run) {
  const counts = run ?? model;
  const report = run?.report;
  const stages = STAGES.map((name) => stageProgress(run, name));
  const done = stages.reduce((sum, stage) => sum + stage.done, 0);
  const total = stages.reduce((sum, stage) => sum + stage.total, 0);
  const limit = workerLimit(model, run);
  const set = (id, text) => setText(byId(id), text);
  const isRegression = (report?.task ?? run?.params?.task) === 'regression';
  set('accuracyLabel', isRegression ? 'R²' : 'Accuracy');
  set('accuracy', (isRegression ? report?.r2 : report?.accuracy)?.toFixed(4) ?? '–');
  set('accuracyMore', report ? describeInterval(report) : (NOT_DONE[run?.state] ?? 'at the end of the run'));
  set('tasks', report ? count(report.tasks.total) : total > 0 ? `${count(done)} / ${count(total)}` : '–');
  set('tasksMore', report ? `${count(report.rows.total)} rows` : run ? findNext(run, stages) : '');
  // at the end the run's own numbers, which include attempts that reached no sandbox
  const {
    attempts = counts.workerInvocations,
    retried = counts.retries,
    throttled = counts.throttled,
  } = report?.tasks ?? {};
  set('invocations', count(attempts));
  set('invocationsMore', `${count(retried)} retried · ${count(throttled)} throttled`);
  const inFlight = count(counts.workersInFlight);
  set('inFlight', limit === undefined ? inFlight : `${inFlight} / ${count(limit)}`);
  const { requests, bytesRead, bytesWritten } = readTraffic(counts, report);
  set('requests', count(requests));
  set('requestsMore', `${bytes(bytesRead)} out · ${bytes(bytesWritten)} in`);
  set('costLabel', report ? 'Cost on AWS' : 'Cost on AWS, so far');
  set('cost', report ? usd(report.bill) : `≈ ${usd(counts.usd.functions + counts.usd.s3)}`);
  set('costMore', report ? `forecast ${usd(report.forecast)}` : 'time and requests');
  set('failures', count(counts.numFailures));
  set(
    'failuresMore',
    counts.faults > 0 ? `${count(counts.faults)} faults injected` : `${count(counts.s3.errors)} S3 errors`,
  );
}

/** S3 requests and bytes of a run: those of its bill, or those seen so far. */
function readTraffic({ s3 }, report) {
  if (!report?.usage) return { requests: s3.reads + s3.writes, bytesRead: s3.bytesRead, bytesWritten: s3.bytesWritten };
  const sum = (name) => Object.values(report.usage).reduce((total, part) => total + (part[name] ?? 0), 0);
  return { requests: sum('s3Reads') + sum('s3Writes'), bytesRead: sum('bytesRead'), bytesWritten: sum('bytesWritten') };
}

function describeInterval(report) {
  const interval = report.task === 'regression' ? report.r2Interval : report.accuracyInterval;
  const best = report.task === 'regression' ? report.r2Ceiling : report.accuracyCeiling;
  return [
    ...(interval ? [`95 %: ${interval[0].toFixed(4)} to ${interval[1].toFixed(4)}`] : []),
    ...((best ?? null) === null ? [] : [`ceiling ${best.toFixed(4)}`]),
  ].join(' · ');
}

function findNext({ state }, stages) {
  const at = stages.findIndex((stage) => stage.state !== 'done');
  if (state === 'failed' || state === 'cancelled') return at === -1 ? '' : `up to ${STAGES[at]}`;
  return at === -1 ? 'writing the report' : stages[at].state === 'running' ? STAGES[at] : `before ${STAGES[at]}`;
}

/** A bar for each stage. */
export function showStages(run, nowMs) {
  for (const name of STAGES) {
    const { state, total, done, startedAtMs, finishedAtMs } = stageProgress(run, name);
    const bar = byId(`progress-${name}`);
    bar.max = Math.max(1, total);
    bar.value = done;
    setText(byId(`count-${name}`), total > 0 ? `${count(done)} / ${count(total)}` : '');
    const ms = startedAtMs === undefined ? undefined : Math.max(0, (finishedAtMs ?? nowMs) - startedAtMs);
    setText(byId(`seconds-${name}`), ms === undefined ? '' : seconds(ms));
    byId(`stage-${name}`).dataset.state = state;
  }
  const { error } = run?.state === 'failed' ? run : {};
  byId('runError').hidden = !error;
  setText(byId('runError'), error ? `${error.name}: ${error.message}` : '');
}

const SANDBOX_STATES = { starting: 'starting', idle: 'frozen', busy: 'working' };
const EXITS = {
  ...{ closed: 'ended', reaped: 'made room', timedOut: 'timed out' },
  ...{ outOfMemory: 'out of memory', outOfStorage: 'out of storage' },
};

/** The sandboxes of a run, or all: first those alive, then those that have ended. */
export function showWorkers(model, run, range, nowMs) {
  const all = selectSandboxes(model, run, range);
  const live = all.filter(({ state }) => state !== 'gone');
  const gone = all.filter(({ state }) => state === 'gone');
  const shown = [...live, ...gone.reverse()].slice(0, MAX_ROWS);
  const rows = shown.map(({ id, functionName, pid, state, exit, invocation, invocations, peakMiB }) => {
    const limit = model.emulator?.memoryMiB.get(functionName);
    const share = limit ? Math.min(1, peakMiB / limit) : 0;
    const doing = invocation
      ? `${taskName(functionName, invocation.input)}, ${seconds(Math.max(0, nowMs - invocation.startMs))}`
      : (SANDBOX_STATES[state] ?? EXITS[exit] ?? exit);
    const memory = peakMiB > 0 ? `${count(peakMiB)}${limit ? ` of ${count(limit)}` : ''} MiB` : '–';
    return h(
      'tr',
      { class: state === 'gone' && 'gone' },
      h('th', { scope: 'row' }, `${shortName(functionName)} ${id.slice(-4)}`),
      h('td', { class: `state ${state}` }, doing),
      h(
        'td',
        { class: 'meter' },
        h('span', {}, memory),
        h('span', { class: share > 0.9 ? 'fill high' : 'fill', style: { width: `${100 * share}%` } }),
      ),
      h('td', { class: 'number' }, count(invocations)),
      h('td', { class: 'number' }, pid > 0 ? String(pid) : '–'),
    );
  });
  byId('workers').replaceChildren(...rows);
  const note = `${count(live.length)} alive, ${count(gone.length)} ended`;
  setText(byId('workersNote'), all.length > MAX_ROWS ? `${note}; ${MAX_ROWS} are shown` : note);
}

/** Failures of a run, or all. Existing elements stay, so that open ones stay open. */
export function showFailures(model, run) {
  const list = byId('failureList');
  const failures = run ? model.failures.filter(({ invocation }) => invocation.run === run) : model.failures;
  const { numFailures, firstMs } = run ?? model;
  const of = run?.runId ?? '';
  if (list.dataset.of !== of || Number(list.dataset.shown ?? 0) > numFailures) clearFailures();
  const missing = numFailures - Number(list.dataset.shown ?? 0);
  for (const failure of failures.slice(Math.max(0, failures.length - missing))) {
    const { atMs, functionName, invocation, error, log, sandboxId } = failure;
    const message = firstLine(error);
    const which = invocation.attempt > 1 ? ` (attempt ${invocation.attempt})` : '';
    const what = `${((atMs - firstMs) / 1000).toFixed(2)} s: ${taskName(functionName, invocation.input)}${which}, ${error.type}${message ? `: ${cut(message)}` : ''}`;
    list.prepend(
      h(
        'details',
        {},
        h('summary', {}, what),
        message.length > MAX_MESSAGE && h('p', {}, message),
        h('p', { class: 'soft' }, sandboxId),
        h('pre', { tabindex: '0', 'aria-label': `end of the log of ${sandboxId}` }, log || 'the log is empty'),
      ),
    );
  }
  list.dataset.of = of;
  list.dataset.shown = numFailures;
  byId('noFailures').hidden = numFailures > 0;
}

/** A message without the request id, the repeated type and the log. */
function firstLine({ type, message }) {
  const [line] = message.replace(/^RequestId: \S+ (Error: )?/, '').split('\n');
  return line.startsWith(`${type}: `) ? line.slice(type.length + 2) : line;
}

function cut(text) {
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 1)}…` : text;
}

export function clearFailures() {
  byId('failureList').replaceChildren();
  byId('failureList').dataset.shown = 0;
}

const BOX = { width: 118, height: 54, gap: 30 };

/** The run as a chain of fan-outs, each filled as far as it is done. */
export function showGraph(run) {
  const steps = [
    ['request', run ? 1 : 0, run ? 1 : 0, run ? 'done' : 'waiting'],
    ...STAGES.map((name) => {
      const { done, total, state } = stageProgress(run, name);
      return [name, done, total, state];
    }),
    ['report', run?.report ? 1 : 0, run?.report ? 1 : 0, run?.report ? 'done' : 'waiting'],
  ];
  const width = steps.length * (BOX.width + BOX.gap) - BOX.gap;
  const parts = steps.flatMap(([name, done, total, state], i) => {
    const x = i * (BOX.width + BOX.gap);
    const share = total > 0 ? done / total : 0;
    const many = total > 1;
    const middle = BOX.height / 2 + 12;
    return [
      i > 0 && s('path', { class: 'arrow', d: `M${x - BOX.gap + 2} ${middle}H${x - 5}m-5 -4l5 4l-5 4` }),
      many && s('rect', { class: 'behind', x: x + 5, y: 5, width: BOX.width, height: BOX.height, rx: 8 }),
      s('rect', { class: `box ${state}`, x, y: 12, width: BOX.width, height: BOX.height, rx: 8 }),
      share > 0 && s('rect', { class: 'done', x, y: 12, width: BOX.width * share, height: BOX.height, rx: 8 }),
      s('text', { x: x + BOX.width / 2, y: middle - 4, 'text-anchor': 'middle', class: 'name' }, name),
      s(
        'text',
        { x: x + BOX.width / 2, y: middle + 14, 'text-anchor': 'middle' },
        total > 1 ? `${count(done)} of ${count(total)}${state in NOT_DONE ? `, ${state}` : ''}` : state,
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
  const all = run?.partitions ?? []; // with gaps, while they are made
  const partitions = all.filter(Boolean);
  const chart = byId('partitions');
  const note = byId('partitionsNote');
  chart.hidden = partitions.length === 0;
  const numRows = partitions.reduce((sum, partition) => sum + countRows(partition), 0);
  const size = partitions.reduce((sum, { bytes: each }) => sum + each, 0);
  const what = `${count(partitions.length)} partition${partitions.length === 1 ? '' : 's'}, ${count(numRows)} rows, ${bytes(size)}`;
  const totals = sumTotals(partitions);
  const nameOf = (k) => String(run.report?.classes?.[k] ?? `class ${k}`);
  const shares = totals.map((rows, k) => `${nameOf(k)} ${percent(rows / numRows)}`);
  const text = partitions.length === 0 ? 'None yet.' : [what, ...shares.slice(0, MAX_KEYED)].join(', ');
  if (note.dataset.text !== text) {
    note.replaceChildren(
      partitions.length === 0 ? text : h('span', {}, what),
      ...shares.slice(0, MAX_KEYED).map((share, k) => h('span', { class: `key c${k}` }, share)),
      ...(shares.length > MAX_KEYED ? [`and ${count(shares.length - MAX_KEYED)} more classes`] : []),
    );
    note.dataset.text = text;
    chart.setAttribute('aria-label', text);
  }
  chart.onpointermove = ({ offsetX }) => {
    const index = partitionAt(chart, all, offsetX);
    const { classCounts, bytes: each } = all[index] ?? {};
    const rows = classCounts?.map((of, k) => (totals.length > 0 ? `${nameOf(k)} ${count(of)}` : count(of))).join(', ');
    chart.title = classCounts ? `partition ${index}: ${rows} rows, ${bytes(each)}` : '';
  };
  if (partitions.length > 0) drawPartitions(chart, all);
}

/** Rows of each class; empty for a regression, whose rows have no classes. */
function sumTotals(partitions) {
  const numClasses = partitions[0]?.classCounts.length ?? 0;
  if (numClasses < 2) return [];
  const totals = new Array(numClasses).fill(0);
  for (const { classCounts } of partitions) for (const [k, rows] of classCounts.entries()) totals[k] += rows;
  return totals;
}

/** Objects of the run by folder. */
export function showBucket(run) {
  const folders = [...(run?.folders ?? [])]
    .filter(([, { sizes }]) => sizes.size > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const container = byId('bucket');
  const paths = new Set(folders.map(([path]) => path));
  for (const shown of [...container.children]) if (!paths.has(shown.dataset.folder)) shown.remove();
  for (const [path, { sizes, bytes: total }] of folders) {
    let details = [...container.children].find((each) => each.dataset.folder === path);
    if (!details) {
      details = h('details', { 'data-folder': path }, h('summary'), h('ul'));
      details.addEventListener('toggle', () => listKeys(details));
      // existing elements stay in place: moving one would take its focus
      container.insertBefore(details, [...container.children].find((each) => each.dataset.folder > path) ?? null);
    }
    if (details.sizes !== sizes) details.shown = undefined; // of another run
    details.sizes = sizes;
    setText(
      details.firstElementChild,
      `${path || 'documents'} — ${count(sizes.size)} ${sizes.size === 1 ? 'object' : 'objects'}, ${bytes(total)}`,
    );
    listKeys(details);
  }
  byId('noBucket').hidden = folders.length > 0;
}

function listKeys(details) {
  const { sizes, shown, open } = details;
  if (!open || shown === sizes.size) return;
  details.shown = sizes.size;
  const keys = [...sizes].slice(0, MAX_KEYS);
  const items = keys.map(([name, size]) => h('li', {}, h('code', {}, name), ` ${bytes(size)}`));
  if (sizes.size > MAX_KEYS) items.push(h('li', {}, `and ${count(sizes.size - MAX_KEYS)} more`));
  details.lastElementChild.replaceChildren(...items);
}
