// Runs: their state, their objects, and the invocations that work for them.

import { count, createCounts } from './counts.js';
import { isWorker, STAGES } from './functions.js';

/** Folders of a run that hold the result objects of a stage. */
const RESULTS = {
  ...{ data: 'generate', dataset: 'generate', bins: 'split', split: 'split', evaluate: 'evaluate' },
  ...{ trees: 'train', model: 'train', folds: 'train', search: 'train' },
};
export const ENDED = new Set(['succeeded', 'failed', 'cancelled']);

export function openRun(model, runId, atMs) {
  let run = model.runs.get(runId);
  if (!run) {
    run = {
      runId,
      state: 'queued',
      /** state that the run itself has reported */
      reportedState: 'queued',
      isCancelled: false,
      stages: [],
      results: Object.fromEntries(STAGES.map((name) => [name, new Set()])),
      /** objects by folder: `evaluate/` holds those whose names begin with it */
      folders: new Map(),
      partitions: [],
      firstMs: atMs,
      lastMs: atMs,
      ...createCounts(),
    };
    model.runs.set(runId, run);
    model.lastRun = runId;
  }
  return run;
}

/** The run that an invocation's input names; otherwise the only run in progress. */
export function findRun(model, input, atMs) {
  try {
    const { runId } = JSON.parse(input);
    if (typeof runId === 'string') return openRun(model, runId, atMs);
  } catch {}
  return findOnlyRun(model);
}

export function findOnlyRun({ runs }) {
  const atWork = [...runs.values()].filter(({ state }) => !ENDED.has(state));
  return atWork.length === 1 ? atWork[0] : undefined;
}

export function settle(run) {
  run.state = run.report ? 'succeeded' : run.isCancelled ? 'cancelled' : run.reportedState;
}

/** Count an invocation for a run; its run may be known only from its first request for an object of the run. */
export function assignToRun(run, invocation, atMs) {
  if (invocation.run) return;
  invocation.run = run;
  invocation.sandbox.runs.add(run);
  run.firstMs = Math.min(run.firstMs, invocation.startMs);
  if (isWorker(invocation.functionName)) count(run, invocation, atMs);
}

export function addObject(run, name, bytes, atMs) {
  const folder = openFolder(run, name);
  const known = folder.sizes.get(name) ?? 0;
  if (!folder.sizes.has(name) || bytes > 0) folder.sizes.set(name, bytes);
  folder.bytes += folder.sizes.get(name) - known;
  const stage = RESULTS[name.split('/')[0]];
  if (stage && name.endsWith('.json')) run.results[stage].add(name);
  if (name === 'cancel.json') setCancelled(run, true, atMs);
}

export function removeObject(run, name) {
  const folder = openFolder(run, name);
  folder.bytes -= folder.sizes.get(name) ?? 0;
  folder.sizes.delete(name);
  if (name === 'cancel.json') setCancelled(run, false, run.lastMs);
}

function openFolder({ folders }, name) {
  const path = name.slice(0, name.lastIndexOf('/') + 1);
  if (!folders.has(path)) folders.set(path, { sizes: new Map(), bytes: 0 });
  return folders.get(path);
}

function setCancelled(run, isCancelled, atMs) {
  run.isCancelled = isCancelled;
  run.lastMs = atMs;
  settle(run);
}
