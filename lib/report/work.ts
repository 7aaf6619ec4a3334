// The work of a run as charts and tables: partitions, tasks, attempts, cost.

import { PARTS } from '../plan/cost.ts';
import { STAGE_NAMES, type StageName } from '../plan/stage-sizes.ts';
import type { TaskSpan } from '../stages/stage.ts';
import { bar, chart, figure, round } from './chart.ts';
import { bytes, count, percent, seconds, table, usd } from './html.ts';
import { makeNames, shorten } from './names.ts';
import type { Report } from './report.ts';
import { isRegressionReport } from './report.ts';

/** Colour of each stage, as on the dashboard. */
const STAGE_STYLES: Record<StageName, string> = {
  generate: 'ink2',
  split: 'ink1',
  train: 'ink0',
  evaluate: 'ink4',
};

/** Maximum share of the chart for the bar of one partition. */
const MAX_SHARE = 0.2;

/** Rows of each partition by class, stacked; for regression its training and test rows. */
export function partitionChart(report: Report): string {
  const { partitions } = report;
  if (partitions.length === 0) {
    return '<p class="note">The balance of the partitions is not shown: partitions × classes are more than 20,000 numbers.</p>';
  }
  const isRegression = isRegressionReport(report);
  const names = makeNames(report);
  const kinds = isRegression ? ['training rows', 'test rows'] : report.classCounts.map((_, k) => names.class(k));
  const totals = partitions.map(({ train, test }) =>
    isRegression ? [sum(train), sum(test)] : train.map((rows, k) => rows + test[k]),
  );
  const most = Math.max(...totals.map(sum));
  const gap = partitions.length > 120 ? 0 : Math.max(0.15, 1 - MAX_SHARE * partitions.length);
  const shares = totals.map((ofKind) => ofKind[1] / sum(ofKind));
  const isMany = kinds.length > 10;
  const ofSecond = `${kinds[1]} from ${percent(Math.min(...shares))} to ${percent(Math.max(...shares))}`;
  const what = isRegression ? 'Training and test rows' : 'Rows of each class';
  return chart({
    title: `${what} in ${partitions.length === 1 ? 'the one partition' : `the ${count(partitions.length)} partitions`}`,
    description: `${partitions.length === 1 ? 'one partition' : `${count(partitions.length)} partitions`} of up to ${count(most)} rows, ${ofSecond}`,
    width: 860,
    height: 240,
    x: {
      domain: [0, partitions.length],
      label: 'partition',
      ticks: everyTick(partitions.length).map((index) => index + 0.5),
      format: (value) => String(value - 0.5),
    },
    y: { domain: [0, most * 1.04], label: 'rows', format: (rows) => count(rows) },
    legend: isMany ? [] : kinds.map((label, k) => ({ style: `ink${k}`, label: shorten(label) })),
    draw: (x, y) =>
      totals
        .map((ofClass, index) => {
          let below = 0;
          return ofClass
            .map((rows, k) => {
              const at = y(below + rows);
              const rect = bar(
                { x: x(index + gap * 0.5), y: at, width: x(1 - gap) - x(0), height: y(below) - at },
                `ink${k % 10}`,
                `partition ${index}, ${kinds[k]}: ${count(rows)} rows`,
              );
              below += rows;
              return rect;
            })
            .join('');
        })
        .join(''),
  });
}

function everyTick(length: number): number[] {
  const step = Math.max(1, Math.ceil(length / 16));
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
}

/** With more tasks than this, bars that touch are drawn as one, without a tooltip for each task. */
const MAX_BARS = 5000;
/** Height of a sandbox's row with up to 40 of them, with more, and maximum height of all rows. */
const ROW = { few: 14, more: 6, all: 900 };

interface Stretch {
  stage: StageName;
  from: number;
  to: number;
  title: string;
}

/** One row for each sandbox, one bar for each task. */
export function timelineChart({ timeline, stages }: Report): string {
  if (timeline.length === 0) {
    return '<p class="note">No timeline: an earlier execution of this run did all tasks.</p>';
  }
  const bySandbox = new Map<string, TaskSpan[]>();
  for (const task of [...timeline].sort((a, b) => a.startedAtMs - b.startedAtMs)) {
    const known = bySandbox.get(task.sandbox);
    if (known) known.push(task);
    else bySandbox.set(task.sandbox, [task]);
  }
  // there may be too many tasks for the arguments of one call
  const start = [...timeline, ...stages].reduce((least, { startedAtMs }) => Math.min(least, startedAtMs), Infinity);
  const end = timeline.reduce((most, { finishedAtMs }) => Math.max(most, finishedAtMs), start);
  const row = bySandbox.size > 40 ? Math.min(ROW.more, ROW.all / bySandbox.size) : ROW.few;
  const isMany = timeline.length > MAX_BARS;
  return chart({
    title: 'Tasks by sandbox',
    description: `${count(timeline.length)} tasks in ${count(bySandbox.size)} sandboxes within ${seconds((end - start) / 1000)}`,
    width: 860,
    height: 60 + bySandbox.size * row,
    x: { domain: [0, Math.max(0.001, (end - start) / 1000)], label: 'seconds since the start' },
    y: { domain: [bySandbox.size, 0], label: 'sandbox', ticks: [] },
    legend: STAGE_NAMES.map((name) => ({ style: STAGE_STYLES[name], label: name })),
    draw: (x, y) =>
      [...bySandbox.values()]
        .flatMap((tasks, at) =>
          makeStretches(tasks, (ms) => x((ms - start) / 1000), isMany).map(({ stage, from, to, title }) =>
            bar(
              { x: from, y: y(at) + 0.07 * row, width: Math.max(1, to - from - 0.5), height: 0.86 * row },
              STAGE_STYLES[stage],
              title,
            ),
          ),
        )
        .join(''),
  });
}

/** Make the bars of a sandbox's tasks, given in the order of their starts; if joined, one for tasks that touch. */
function makeStretches(tasks: readonly TaskSpan[], x: (ms: number) => number, isJoined: boolean): Stretch[] {
  const stretches: Stretch[] = [];
  for (const { taskId, sandbox, isColdStart, startedAtMs, finishedAtMs } of tasks) {
    const [stage, from, to] = [findStage(taskId), x(startedAtMs), x(finishedAtMs)];
    const last = stretches.at(-1);
    if (isJoined && last?.stage === stage && from < last.to + 1) {
      last.to = Math.max(last.to, to);
      continue;
    }
    const title = `${taskId}: ${seconds((finishedAtMs - startedAtMs) / 1000)} in ${sandbox}${isColdStart ? ', its first task' : ''}`;
    stretches.push({ stage, from, to, title: isJoined ? sandbox : title });
  }
  return stretches;
}

function findStage(taskId: string): StageName {
  if (taskId === 'bins') return 'split';
  if (/^(merge|fold|fit)/.test(taskId)) return 'train';
  if (/^(list|scan|locate|survey|schema)/.test(taskId)) return 'generate';
  return taskId.slice(0, taskId.indexOf('-')) as StageName;
}

export function stageTable({ stages, seconds: ofStage, timeline, usage }: Report): string {
  const rows = stages.map(({ name, numTasks }) => {
    const tasks = timeline.filter(({ taskId }) => findStage(taskId) === name);
    const durations = tasks
      .map(({ startedAtMs, finishedAtMs }) => (finishedAtMs - startedAtMs) / 1000)
      .sort((a, b) => a - b);
    const cold = tasks.filter(({ isColdStart }) => isColdStart).length;
    return [
      name,
      count(numTasks),
      seconds(ofStage[name]),
      durations.length > 0 ? seconds(durations[durations.length >> 1]) : '–',
      durations.length > 0 ? seconds(durations.at(-1)!) : '–',
      count(cold),
      bytes(usage[name].bytesRead),
      bytes(usage[name].bytesWritten),
    ];
  });
  const heads = ['tasks', 'seconds', 'median task', 'longest', 'cold starts', 'read', 'written'];
  return table('Stages', [{ head: 'stage' }, ...heads.map((head) => ({ head, isNumber: true }))], rows);
}

export function attemptsTable({ tasks }: Report): string {
  const always: [string, number, string][] = [
    ['tasks', tasks.total, 'units of work of the run'],
    ['invocations', tasks.attempts, 'attempts, each an invocation of a worker'],
    ['retried', tasks.retried, 'after a crash, a timeout or throttling'],
  ];
  // some are absent in reports of an earlier version
  const others: [string, number | undefined, string][] = [
    ['reused', tasks.reused, 'finished by an earlier execution of the run'],
    ['throttled', tasks.throttled, 'rejected because of the concurrency limit'],
    ['timed out', tasks.timedOut, 'stopped at the time limit of the function'],
    ['out of memory', tasks.outOfMemory, 'stopped at the memory limit of the function'],
    ['moved up', tasks.movedUp, 'tasks that continued in a function with more memory'],
    ['crashed', tasks.crashed, 'ended without an answer'],
    ['speculative', tasks.speculative, 'second attempts at slow tasks'],
    ['abandoned', tasks.abandoned, 'their answers were no longer needed'],
  ];
  const rows = [...always, ...others.filter(([, number]) => (number ?? 0) > 0)];
  const columns = [{ head: '' }, { head: 'number', isNumber: true }, { head: 'meaning' }];
  const none = others.filter(([, number]) => !number).map(([what]) => what);
  return `${table(
    'Attempts and faults',
    columns,
    rows.map(([what, number, which]) => [what, count(number!), which]),
  )}<p class="soft">None were ${none.join(', ').replace(/, ([^,]*)$/, ' or $1')}.</p>`;
}

/** The forecast and the bill of each part as bars. */
export function costChart({ costs }: Report): string {
  const parts = [...PARTS, 'storage'] as const;
  const most = Math.max(...parts.flatMap((part) => [costs.forecast[part], costs.bill[part]]), 1e-12);
  const left = 92;
  const width = 860;
  const x = (value: number) => (value / most) * (width - left - 90);
  const rows = parts.map((part, i) => {
    const y = 4 + i * 40;
    const one = (value: number, offset: number, style: string, what: string) =>
      `${bar({ x: left, y: y + offset, width: x(value), height: 14 }, style, `${part}, ${what}: ${usd(value)}`)}<text class="value" x="${round(left + x(value) + 6)}" y="${y + offset + 12}">${usd(value)}</text>`;
    return `<text x="${left - 8}" y="${y + 20}" text-anchor="end">${part}</text>${one(costs.forecast[part], 0, 'ink7', 'forecast')}${one(costs.bill[part], 16, 'ink0', 'bill')}`;
  });
  const description = parts
    .map((part) => `${part} forecast ${usd(costs.forecast[part])}, bill ${usd(costs.bill[part])}`)
    .join('; ');
  return figure({
    title: `On AWS: forecast ${usd(costs.forecast.total)}, bill ${usd(costs.bill.total)}`,
    description,
    width,
    height: 8 + parts.length * 40,
    content: rows.join(''),
    legend: [
      { style: 'ink7', label: 'forecast before the run' },
      { style: 'ink0', label: 'bill: usage at AWS prices' },
    ],
  });
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
