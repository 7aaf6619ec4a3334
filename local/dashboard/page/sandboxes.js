// Sandboxes with their invocations, and the bars that both draw in the task stream.

import { changeConcurrency, selectCounts } from './counts.js';
import { isWorker } from './functions.js';

/** Activities of the task stream; `compute` is the rest of an invocation. */
export const ACTIVITIES = ['cold start', 'S3 read', 'compute', 'S3 write', 'wait', 'retry', 'killed'];

const MAX_FAILURES = 200;
const KILLS = new Set(['crashed', 'killed', 'timedOut', 'outOfMemory', 'outOfStorage']);

/**
 * @typedef {object} Mark One bar of the task stream.
 * @property {number} row sandbox, counted in the order of their starts
 * @property {number} activity position in ACTIVITIES
 * @property {number} startMs
 * @property {number} endMs Infinity while it lasts
 * @property {object} [invocation] what it belongs to
 */

/** Add a sandbox that starts now. */
export function startSandbox(model, { sandboxId, functionName, pid, atMs }) {
  const sandbox = {
    id: sandboxId,
    functionName,
    pid,
    row: model.rows.length,
    state: 'starting',
    startedMs: atMs,
    endedMs: Infinity,
    invocations: 0,
    runs: new Set(),
    peakMiB: 0,
    log: '',
    /** bars, a list for each activity */
    marks: ACTIVITIES.map(() => []),
  };
  sandbox.open = addMark(sandbox, 0, atMs);
  model.rows.push(sandbox);
  model.sandboxes.set(sandboxId, sandbox);
}

export function endSandbox(model, sandbox, atMs, reason) {
  const { invocation } = sandbox;
  if (invocation) {
    endInvocation(model, sandbox, atMs);
    if (KILLS.has(reason)) addFailure(model, { atMs, sandbox, invocation, error: { type: reason, message: '' } });
  }
  closeMark(sandbox, atMs);
  sandbox.state = 'gone';
  sandbox.endedMs = atMs;
  sandbox.exit = reason;
  if (!KILLS.has(reason)) return;
  const mark = addMark(sandbox, 6, atMs, invocation);
  mark.endMs = atMs;
}

export function endInvocation(model, sandbox, atMs) {
  const { invocation } = sandbox;
  closeMark(sandbox, atMs);
  invocation.endMs = atMs;
  sandbox.invocation = undefined;
  if (sandbox.state !== 'gone') sandbox.state = 'idle';
  model.inFlight = Math.max(0, model.inFlight - 1);
  if (invocation.run) invocation.run.lastMs = Math.max(invocation.run.lastMs, atMs);
  if (!isWorker(sandbox.functionName)) return;
  for (const counts of selectCounts(model, invocation)) changeConcurrency(counts, -1, atMs);
}

export function addFailure(model, { atMs, sandbox, invocation, error }) {
  for (const counts of selectCounts(model, invocation)) counts.numFailures++;
  invocation.error = error;
  model.failures.push({
    atMs,
    sandboxId: sandbox.id,
    functionName: sandbox.functionName,
    invocation,
    error,
    log: sandbox.log,
  });
  if (model.failures.length > MAX_FAILURES) model.failures.shift();
}

export function addMark(sandbox, activity, startMs, invocation) {
  const mark = { row: sandbox.row, activity, startMs, endMs: Number.POSITIVE_INFINITY, invocation };
  sandbox.marks[activity].push(mark);
  return mark;
}

export function closeMark(sandbox, atMs) {
  if (sandbox.open) sandbox.open.endMs = atMs;
  sandbox.open = undefined;
}
