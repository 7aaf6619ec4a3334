// A model of the emulator and its runs, built from one event at a time. No page, no clock.

export const STAGES = ['generate', 'split', 'train', 'evaluate'];
/** Activities of the task stream; `compute` is the rest of an invocation. */
export const ACTIVITIES = ['cold start', 'S3 read', 'compute', 'S3 write', 'wait', 'retry', 'killed'];

/** Folders of a run that hold the result objects of a stage. */
const RESULTS = {
  ...{ data: 'generate', dataset: 'generate', bins: 'split', split: 'split', evaluate: 'evaluate' },
  ...{ trees: 'train', model: 'train', folds: 'train', search: 'train' },
};
/** Functions that work for a run; the API's functions do not. */
const OF_RUNS = new Set([...STAGES, 'orchestrator', 'slices']);
const ENDED = new Set(['succeeded', 'failed', 'cancelled']);
const LOG_TAIL = 4000;
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

/** Counters of a run, or of all runs together. */
const createCounts = () => ({
  workerInvocations: 0,
  retries: 0,
  throttled: 0,
  faults: 0,
  numFailures: 0,
  workersInFlight: 0,
  /** times and counts of worker invocations in flight, one pair per change */
  concurrency: { atMs: [], value: [] },
  s3: { reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0, errors: 0, atMs: [], read: [], written: [] },
  usd: { functions: 0, s3: 0 },
  attempts: new Map(),
});

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

/** Function's name without what all have: `arvoredo-trainLarge` is `trainLarge`. */
export const shortName = (name) => name.replace(/^arvoredo-/, '');
/** What a function does, of whatever size it is: `arvoredo-trainLarge` does `train`. */
const workOf = (name) => shortName(name).replace(/Large$/, '');
const isWorker = (name) => STAGES.includes(workOf(name));

const APPLY = {
  emulatorStarted(model, { workers, functions, usd }) {
    model.emulator = { workers, usd, memoryMiB: new Map(functions.map((fn) => [fn?.name, fn?.memoryMiB])) };
    // sandboxes of an earlier emulator have ended without an event
    for (const sandbox of model.sandboxes.values())
      if (sandbox.state !== 'gone') endSandbox(model, sandbox, model.lastMs, 'closed');
    model.inFlight = 0;
  },
  sandboxStarted(model, { sandboxId, functionName, pid, atMs }) {
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
  },
  sandboxReady(model, { sandboxId, atMs }) {
    const sandbox = model.sandboxes.get(sandboxId);
    if (!sandbox) return;
    close(sandbox, atMs);
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
    close(sandbox, atMs);
    const run = OF_RUNS.has(workOf(functionName)) ? findRun(model, input, atMs) : undefined;
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
    if (run) belong(run, invocation, atMs);
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
      for (const each of countersOf(model, invocation)) each.usd.functions += gbSeconds * usd.gbSecond + usd.invocation;
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
    const run = isWorker(functionName) ? findOnly(model) : undefined;
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
      if (runId && OF_RUNS.has(workOf(sandbox.functionName))) belong(runOf(model, runId, atMs), invocation, atMs);
    }
    const { usd } = model.emulator ?? {};
    for (const { s3, usd: sum } of countersOf(model, invocation)) {
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
    if (isUpload && (status === 200 || status === 412)) addObject(runOf(model, runId, atMs), name, requestBytes, atMs);
    if (operation === 'DeleteObject' && status < 300) removeObject(runOf(model, runId, atMs), name);
  },
  runRequested(model, { runId, params, atMs }) {
    runOf(model, runId, atMs).params = params;
    model.lastRun = runId;
  },
  runStatus(model, { runId, state, stages, error, atMs }) {
    const run = runOf(model, runId, atMs);
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
    runOf(model, runId, atMs).partitions[index] = { classCounts, bytes };
  },
  runReport(model, { atMs, type, ...report }) {
    const run = runOf(model, report.runId, atMs);
    run.report = report;
    run.lastMs = atMs;
    run.attempts.clear();
    settle(run);
  },
};

/** Required fields of each type of event, and their types. */
const FIELDS = {
  emulatorStarted: { workers: 'number', functions: 'array', usd: 'object' },
  sandboxStarted: { sandboxId: 'string', functionName: 'string' },
  sandboxReady: {},
  sandboxExited: { reason: 'string' },
  log: { text: 'string' },
  invokeStarted: { functionName: 'string' },
  invokeFinished: { billedMs: 'number', maxMemoryMiB: 'number' },
  throttled: { functionName: 'string' },
  fault: {},
  executionFinished: { executionName: 'string', functionName: 'string' },
  memory: { sandboxes: 'object' },
  s3: { operation: 'string', status: 'number', requestBytes: 'number', responseBytes: 'number', ms: 'number' },
  runRequested: { runId: 'string', params: 'object' },
  runStatus: { runId: 'string', state: 'string', stages: 'array' },
  partition: { runId: 'string', index: 'number', classCounts: 'array', bytes: 'number' },
  runReport: { runId: 'string', tasks: 'object', rows: 'object', bill: 'number', forecast: 'number' },
};

const typeOf = (value) => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

/** Whether an event has the required fields: a log may come from another version, or be edited by hand. */
function isReadable(event) {
  const fields = Object.hasOwn(FIELDS, event.type) ? Object.entries(FIELDS[event.type]) : undefined;
  return fields?.every(([name, type]) => typeOf(event[name]) === type) ?? false;
}

/** Apply one event. Events of an unknown type, or that lack a field, are only counted. */
export function apply(model, event) {
  if (!Number.isFinite(event?.atMs) || typeof event.type !== 'string') return;
  model.numEvents++;
  if (isReadable(event)) APPLY[event.type](model, event);
  if (event.atMs < model.firstMs) model.firstMs = event.atMs;
  if (event.atMs > model.lastMs) model.lastMs = event.atMs;
}

/**
 * Tasks of a run's stage: how many there are, and how many have their result in the bucket. A stage that was at work when
 * its run ended ended with it.
 */
export function progressOf(run, name) {
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
export function rangeOf(model, run, nowMs) {
  const { firstMs } = run ?? model;
  const toMs = run && ENDED.has(run.state) ? run.lastMs : nowMs;
  return Number.isFinite(firstMs) ? { fromMs: firstMs, toMs: Math.max(toMs, firstMs) } : { fromMs: nowMs, toMs: nowMs };
}

/** The sandboxes that worked for a run, or started meanwhile and did nothing; without a run, all. */
export function rowsOf(model, run, { fromMs, toMs }) {
  if (!run) return model.rows;
  return model.rows.filter(
    ({ runs, invocations, startedMs }) =>
      runs.has(run) || (invocations === 0 && startedMs >= fromMs && startedMs <= toMs),
  );
}

/** Maximum concurrent invocations of workers: the lower of the emulator's limit and the run's own. */
export function limitOf({ emulator }, run) {
  const limits = [emulator?.workers, run?.params?.workers].filter((limit) => limit !== undefined);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

function runOf(model, runId, atMs) {
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

function settle(run) {
  run.state = run.report ? 'succeeded' : run.isCancelled ? 'cancelled' : run.reportedState;
}

/** The run that an invocation's input names; otherwise the only run in progress. */
function findRun(model, input, atMs) {
  try {
    const { runId } = JSON.parse(input);
    if (typeof runId === 'string') return runOf(model, runId, atMs);
  } catch {}
  return findOnly(model);
}

function findOnly({ runs }) {
  const atWork = [...runs.values()].filter(({ state }) => !ENDED.has(state));
  return atWork.length === 1 ? atWork[0] : undefined;
}

/** Count an invocation for a run; its run may be known only from its first request for an object of the run. */
function belong(run, invocation, atMs) {
  if (invocation.run) return;
  invocation.run = run;
  invocation.sandbox.runs.add(run);
  run.firstMs = Math.min(run.firstMs, invocation.startMs);
  if (isWorker(invocation.functionName)) count(run, invocation, atMs);
}

function count(counts, { attempt }, atMs) {
  counts.workerInvocations++;
  if (attempt > 1) counts.retries++;
  changeConcurrency(counts, 1, atMs);
}

/** The counters that an invocation adds to. */
function countersOf(model, invocation) {
  return invocation?.run ? [model, invocation.run] : [model];
}

function addObject(run, name, bytes, atMs) {
  const folder = folderOf(run, name);
  const known = folder.sizes.get(name) ?? 0;
  if (!folder.sizes.has(name) || bytes > 0) folder.sizes.set(name, bytes);
  folder.bytes += folder.sizes.get(name) - known;
  const stage = RESULTS[name.split('/')[0]];
  if (stage && name.endsWith('.json')) run.results[stage].add(name);
  if (name === 'cancel.json') setCancelled(run, true, atMs);
}

function folderOf({ folders }, name) {
  const path = name.slice(0, name.lastIndexOf('/') + 1);
  if (!folders.has(path)) folders.set(path, { sizes: new Map(), bytes: 0 });
  return folders.get(path);
}

function removeObject(run, name) {
  const folder = folderOf(run, name);
  folder.bytes -= folder.sizes.get(name) ?? 0;
  folder.sizes.delete(name);
  if (name === 'cancel.json') setCancelled(run, false, run.lastMs);
}

function setCancelled(run, isCancelled, atMs) {
  run.isCancelled = isCancelled;
  run.lastMs = atMs;
  settle(run);
}

function addMark(sandbox, activity, startMs, invocation) {
  const mark = { row: sandbox.row, activity, startMs, endMs: Number.POSITIVE_INFINITY, invocation };
  sandbox.marks[activity].push(mark);
  return mark;
}

function close(sandbox, atMs) {
  if (sandbox.open) sandbox.open.endMs = atMs;
  sandbox.open = undefined;
}

function changeConcurrency(counts, by, atMs) {
  counts.workersInFlight = Math.max(0, counts.workersInFlight + by);
  counts.concurrency.atMs.push(atMs);
  counts.concurrency.value.push(counts.workersInFlight);
}

function endInvocation(model, sandbox, atMs) {
  const { invocation } = sandbox;
  close(sandbox, atMs);
  invocation.endMs = atMs;
  sandbox.invocation = undefined;
  if (sandbox.state !== 'gone') sandbox.state = 'idle';
  model.inFlight = Math.max(0, model.inFlight - 1);
  if (invocation.run) invocation.run.lastMs = Math.max(invocation.run.lastMs, atMs);
  if (!isWorker(sandbox.functionName)) return;
  for (const counts of countersOf(model, invocation)) changeConcurrency(counts, -1, atMs);
}

function endSandbox(model, sandbox, atMs, reason) {
  const { invocation } = sandbox;
  if (invocation) {
    endInvocation(model, sandbox, atMs);
    if (KILLS.has(reason)) addFailure(model, { atMs, sandbox, invocation, error: { type: reason, message: '' } });
  }
  close(sandbox, atMs);
  sandbox.state = 'gone';
  sandbox.endedMs = atMs;
  sandbox.exit = reason;
  if (!KILLS.has(reason)) return;
  const mark = addMark(sandbox, 6, atMs, invocation);
  mark.endMs = atMs;
}

function addFailure(model, { atMs, sandbox, invocation, error }) {
  for (const counts of countersOf(model, invocation)) counts.numFailures++;
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
