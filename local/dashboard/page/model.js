// A model of the emulator and its runs, built from one event at a time. No page, no clock.

import { count, createCounts, selectCounts } from './counts.js';
import { isReadable } from './event-fields.js';
import { isWorker, STAGES, shortName, worksForRun } from './functions.js';
import { addObject, assignToRun, ENDED, findOnlyRun, findRun, openRun, removeObject, settle } from './runs.js';
import { addFailure, addMark, closeMark, endInvocation, endSandbox, startSandbox } from './sandboxes.js';

const LOG_TAIL = 4000;

export function createModel() {
  return {
    firstMs: Number.POSITIVE_INFINITY,
    lastMs: Number.NEGATIVE_INFINITY,
    numEvents: 0,
    emulator: undefined,
    sandboxes: new Map(),
    rows: [],
    runs: new Map(),
    /** the run that was requested last */
    lastRun: undefined,
    invocations: 0,
    inFlight: 0,
    failures: [],
    ...createCounts(),
  };
}

/** Apply one event. Events of an unknown type, or that lack a field, are only counted. */
export function apply(model, event) {
  if (!Number.isFinite(event?.atMs) || typeof event.type !== 'string') return;
  model.numEvents++;
  if (isReadable(event)) APPLY[event.type](model, event);
  if (event.atMs < model.firstMs) model.firstMs = event.atMs;
  if (event.atMs > model.lastMs) model.lastMs = event.atMs;
}

const APPLY = {
  emulatorStarted(model, { workers, functions, usd }) {
    model.emulator = { workers, usd, memoryMiB: new Map(functions.map((fn) => [fn?.name, fn?.memoryMiB])) };
    // sandboxes of an earlier emulator have ended without an event
    for (const sandbox of model.sandboxes.values())
      if (sandbox.state !== 'gone') endSandbox(model, sandbox, model.lastMs, 'closed');
    model.inFlight = 0;
  },
  sandboxStarted: startSandbox,
  sandboxReady(model, { sandboxId, atMs }) {
    const sandbox = model.sandboxes.get(sandboxId);
    if (!sandbox) return;
    closeMark(sandbox, atMs);
    if (sandbox.state === 'starting') sandbox.state = 'idle';
  },
  sandboxExited(model, { sandboxId, reason, atMs }) {
    const sandbox = model.sandboxes.get(sandboxId);
    if (sandbox) endSandbox(model, sandbox, atMs, reason);
  },
  log(model, { sandboxId, text }) {
    const sandbox = model.sandboxes.get(sandboxId);
    if (sandbox) sandbox.log = (sandbox.log + text).slice(-LOG_TAIL);
  },
  invokeStarted(model, { sandboxId, requestId, coldStart, input, functionName, atMs }) {
    const sandbox = model.sandboxes.get(sandboxId);
    if (!sandbox) return;
    closeMark(sandbox, atMs);
    const run = worksForRun(functionName) ? findRun(model, input, atMs) : undefined;
    const { attempts } = run ?? model;
    const attempt = input === undefined ? 1 : (attempts.get(functionName + input) ?? 0) + 1;
    if (input !== undefined) attempts.set(functionName + input, attempt);
    const invocation = {
      requestId,
      sandbox,
      functionName,
      input,
      attempt,
      coldStart,
      startMs: atMs,
      endMs: Infinity,
      s3: 0,
    };
    const isRetry = isWorker(functionName) && attempt > 1;
    sandbox.invocation = invocation;
    sandbox.invocations++;
    sandbox.state = 'busy';
    sandbox.open = addMark(sandbox, isRetry ? 5 : 2, atMs, invocation);
    model.invocations++;
    model.inFlight++;
    if (isWorker(functionName)) count(model, invocation, atMs);
    if (run) assignToRun(run, invocation, atMs);
  },
  invokeFinished(model, { sandboxId, requestId, billedMs, maxMemoryMiB, error, atMs }) {
    const sandbox = model.sandboxes.get(sandboxId);
    const invocation = sandbox?.invocation;
    if (!invocation || invocation.requestId !== requestId) return;
    endInvocation(model, sandbox, atMs);
    sandbox.peakMiB = Math.max(sandbox.peakMiB, maxMemoryMiB);
    const { usd, memoryMiB } = model.emulator ?? {};
    if (usd) {
      const gbSeconds = (billedMs / 1000) * ((memoryMiB.get(sandbox.functionName) ?? 1024) / 1024);
      for (const each of selectCounts(model, invocation))
        each.usd.functions += gbSeconds * usd.gbSecond + usd.invocation;
    }
    if (error)
      addFailure(model, {
        atMs,
        sandbox,
        invocation,
        error: { type: `${error.type}`, message: `${error.message ?? ''}` },
      });
    else sandbox.open = addMark(sandbox, 4, atMs);
  },
  throttled(model, { functionName }) {
    model.throttled++;
    const run = isWorker(functionName) ? findOnlyRun(model) : undefined;
    if (run) run.throttled++;
  },
  fault(model, { runId }) {
    model.faults++;
    if (model.runs.has(runId)) model.runs.get(runId).faults++;
  },
  executionFinished(model, { executionName, functionName, status }) {
    const run = model.runs.get(executionName.split('__')[0]);
    const isDead = status === 'FAILED' || status === 'TIMED_OUT';
    if (!run || shortName(functionName) !== 'orchestrator' || !isDead || run.reportedState !== 'running') return;
    run.reportedState = 'failed';
    run.error = { name: 'ExecutionFailed', message: 'the orchestrator ended without a status' };
    settle(run);
  },
  memory(model, { sandboxes }) {
    for (const [id, mib] of Object.entries(sandboxes)) {
      const sandbox = model.sandboxes.get(id);
      if (sandbox) sandbox.peakMiB = Math.max(sandbox.peakMiB, mib);
    }
  },
  s3(model, { operation, key, status, requestBytes, responseBytes, ms, sandboxId, atMs }) {
    const isWrite = /^(Put|Copy|Complete|Create|Upload|List)/.test(operation);
    const isUpload = /^(Put|Copy|Complete|Upload)/.test(operation);
    const [, runId, name] = /^runs\/([^/]+)\/(.+)$/.exec(`${key}`) ?? [];
    const sandbox = sandboxId === undefined ? undefined : model.sandboxes.get(sandboxId);
    const invocation = sandbox?.invocation;
    if (invocation) {
      invocation.s3++;
      const mark = addMark(sandbox, isUpload ? 3 : 1, Math.max(atMs - ms, invocation.startMs), invocation);
      mark.endMs = atMs;
      if (runId && worksForRun(sandbox.functionName)) assignToRun(openRun(model, runId, atMs), invocation, atMs);
    }
    const { usd } = model.emulator ?? {};
    for (const { s3, usd: sum } of selectCounts(model, invocation)) {
      if (isWrite) s3.writes++;
      else s3.reads++;
      if (status >= 400 && status !== 404 && status !== 412) s3.errors++;
      s3.bytesWritten += requestBytes;
      s3.bytesRead += responseBytes;
      s3.atMs.push(atMs);
      s3.read.push(responseBytes);
      s3.written.push(requestBytes);
      if (usd) sum.s3 += isWrite ? usd.s3Write : usd.s3Read;
    }
    if (!runId) return;
    // 412: another attempt had written it
    if (isUpload && (status === 200 || status === 412))
      addObject(openRun(model, runId, atMs), name, requestBytes, atMs);
    if (operation === 'DeleteObject' && status < 300) removeObject(openRun(model, runId, atMs), name);
  },
  runRequested(model, { runId, params, atMs }) {
    openRun(model, runId, atMs).params = params;
    model.lastRun = runId;
  },
  runStatus(model, { runId, state, stages, error, atMs }) {
    const run = openRun(model, runId, atMs);
    // a resumed run
    if (ENDED.has(run.state) && !ENDED.has(state)) model.lastRun = runId;
    run.reportedState = state;
    run.error = error;
    // a queued run has no stages yet; those of an earlier execution are obsolete
    run.stages = stages.filter((stage) => STAGES.includes(stage?.name));
    // on AWS, polling may begin later than the run
    run.firstMs = Math.min(run.firstMs, ...run.stages.map(({ startedAtMs }) => startedAtMs));
    run.lastMs = atMs;
    settle(run);
  },
  partition(model, { runId, index, classCounts, bytes, atMs }) {
    openRun(model, runId, atMs).partitions[index] = { classCounts, bytes };
  },
  runReport(model, { atMs, type, ...report }) {
    const run = openRun(model, report.runId, atMs);
    run.report = report;
    run.lastMs = atMs;
    run.attempts.clear();
    settle(run);
  },
};
