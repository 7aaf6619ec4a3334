// What the page shows of the model: a run's progress, its time, its sandboxes, its limit.

import { ENDED } from './runs.js';

/**
 * Tasks of a run's stage: how many there are, and how many have their result in the bucket. A stage that was at work when
 * its run ended ended with it.
 */
export function stageProgress(run, name) {
  const stage = run?.stages.find((each) => each.name === name);
  if (!stage) return { state: 'waiting', total: 0, done: 0 };
  const { numTasks: total, startedAtMs, finishedAtMs } = stage;
  // results that were written in this log, or that the run's status counts
  const done = stage.state === 'done' ? total : Math.min(total, Math.max(run.results[name].size, stage.numDone ?? 0));
  const times = { startedAtMs, finishedAtMs };
  if (stage.state === 'done' || !ENDED.has(run.state)) return { state: stage.state, total, done, ...times };
  const ended = { startedAtMs, finishedAtMs: finishedAtMs ?? run.lastMs };
  return run.state === 'succeeded'
    ? { state: 'done', total, done: total, ...ended }
    : { state: run.state, total, done, ...ended };
}

/** The time of a run so far; without a run, the time of all events. */
export function timeRange(model, run, nowMs) {
  const { firstMs } = run ?? model;
  const toMs = run && ENDED.has(run.state) ? run.lastMs : nowMs;
  return Number.isFinite(firstMs) ? { fromMs: firstMs, toMs: Math.max(toMs, firstMs) } : { fromMs: nowMs, toMs: nowMs };
}

/** The sandboxes that worked for a run, or started meanwhile and did nothing; without a run, all. */
export function selectSandboxes(model, run, { fromMs, toMs }) {
  if (!run) return model.rows;
  return model.rows.filter(
    ({ runs, invocations, startedMs }) =>
      runs.has(run) || (invocations === 0 && startedMs >= fromMs && startedMs <= toMs),
  );
}

/** Maximum concurrent invocations of workers: the lower of the emulator's limit and the run's own. */
export function workerLimit({ emulator }, run) {
  const limits = [emulator?.workers, run?.params?.workers].filter((limit) => limit !== undefined);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}
