// What the events say: a model of the emulator and its runs that grows by one event at a time. No page, no clock.

export const STAGES = ['generate', 'split', 'train', 'evaluate'];
/** What a mark of the task stream shows; `compute` is what is left of an invocation. */
export const ACTIVITIES = ['cold start', 'S3 read', 'compute', 'S3 write', 'wait', 'retry', 'killed'];

const RESULTS = [
  ['generate', /^dataset\/part-\d+\.json$/],
  ['split', /^(bins\/bins|split\/part-\d+)\.json$/],
  ['train', /^(trees\/trees-[\d-]+|model\/model)\.json$/],
  ['evaluate', /^evaluate\/part-\d+\.json$/],
];
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

export function createModel() {
  return {
    firstMs: Number.POSITIVE_INFINITY,
    lastMs: Number.NEGATIVE_INFINITY,
    numEvents: 0,
    emulator: undefined,
    sandboxes: new Map(),
    rows: [],
    marks: [],
    runs: new Map(),
    lastRun: undefined,
    invocations: 0,
    workerInvocations: 0,
    retries: 0,
    throttled: 0,
    faults: new Map(),
    failures: [],
    numFailures: 0,
    inFlight: 0,
    workersInFlight: 0,
    /** times and counts of worker invocations in flight, one pair per change */
    concurrency: { atMs: [], value: [] },
    s3: { reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0, errors: 0, atMs: [], read: [], written: [] },
    usd: { functions: 0, s3: 0 },
    attempts: new Map(),
  };
}

/** Stage of a function's name: `arvoredo-train` is `train`. */
export const shortName = (name) => name.replace(/^arvoredo-/, '');

const APPLY = {
  emulatorStarted(model, { workers, functions, usd }) {
    model.emulator = { workers, usd, memoryMiB: new Map(functions.map((fn) => [fn.name, fn.memoryMiB])) };
    model.inFlight = 0;
    model.workersInFlight = 0;
    // those of an emulator before this one are gone without a word
    for (const sandbox of model.sandboxes.values())
      if (sandbox.state !== 'gone') endSandbox(model, sandbox, model.lastMs, 'closed');
  },
  sandboxStarted(model, { sandboxId, functionName, pid, atMs }) {
    const sandbox = {
      id: sandboxId,
      functionName,
      pid,
      row: model.rows.length,
      state: 'starting',
      startedMs: atMs,
      invocations: 0,
      peakMiB: 0,
      log: '',
      open: addMark(model, model.rows.length, 0, atMs),
    };
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
    const attempt = input === undefined ? 1 : (model.attempts.get(functionName + input) ?? 0) + 1;
    if (input !== undefined) model.attempts.set(functionName + input, attempt);
    const isWorker = STAGES.includes(shortName(functionName));
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
    if (isWorker && attempt > 1) model.retries++;
    sandbox.invocation = invocation;
    sandbox.invocations++;
    sandbox.state = 'busy';
    sandbox.open = addMark(model, sandbox.row, isWorker && attempt > 1 ? 5 : 2, atMs, invocation);
    model.invocations++;
    model.inFlight++;
    if (isWorker) {
      model.workerInvocations++;
      changeConcurrency(model, 1, atMs);
    }
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
      model.usd.functions += gbSeconds * usd.gbSecond + usd.invocation;
    }
    if (error) addFailure(model, { atMs, sandbox, invocation, error });
    else sandbox.open = addMark(model, sandbox.row, 4, atMs);
  },
  throttled(model) {
    model.throttled++;
  },
  fault(model, { kind }) {
    model.faults.set(kind, (model.faults.get(kind) ?? 0) + 1);
  },
  memory(model, { sandboxes }) {
    for (const [id, mib] of Object.entries(sandboxes)) {
      const sandbox = model.sandboxes.get(id);
      if (sandbox) sandbox.peakMiB = Math.max(sandbox.peakMiB, mib);
    }
  },
  s3(model, { operation, key, status, requestBytes, responseBytes, ms, sandboxId, atMs }) {
    const { s3, emulator } = model;
    const isWrite = /^(Put|Copy|Complete|Create|Upload|List)/.test(operation);
    const isUpload = /^(Put|Copy|Complete|Upload)/.test(operation);
    if (isWrite) s3.writes++;
    else s3.reads++;
    if (status >= 400 && status !== 404 && status !== 412) s3.errors++;
    s3.bytesWritten += requestBytes;
    s3.bytesRead += responseBytes;
    s3.atMs.push(atMs);
    s3.read.push(responseBytes);
    s3.written.push(requestBytes);
    if (emulator) model.usd.s3 += isWrite ? emulator.usd.s3Write : emulator.usd.s3Read;
    const sandbox = sandboxId === undefined ? undefined : model.sandboxes.get(sandboxId);
    if (sandbox?.invocation) {
      const { invocation } = sandbox;
      invocation.s3++;
      const mark = addMark(model, sandbox.row, isUpload ? 3 : 1, Math.max(atMs - ms, invocation.startMs), invocation);
      mark.endMs = atMs;
      mark.key = key;
    }
    if (key === undefined) return;
    const [, runId, name] = /^runs\/([^/]+)\/(.+)$/.exec(key) ?? [];
    if (!runId) return;
    // 412: another attempt had written it
    if (isUpload && (status === 200 || status === 412)) addObject(runOf(model, runId, atMs), name, requestBytes);
    if (operation === 'DeleteObject' && status < 300) runOf(model, runId, atMs).objects.delete(name);
  },
  runRequested(model, { runId, params, atMs }) {
    runOf(model, runId, atMs).params = params;
    model.lastRun = runId;
  },
  runStatus(model, { runId, state, stages, error, atMs }) {
    const run = runOf(model, runId, atMs);
    run.state = run.report ? 'succeeded' : state;
    run.error = error;
    // a queued run has none yet; those of an execution before it are no longer of use
    if (stages) run.stages = stages;
    run.lastMs = atMs;
    model.lastRun = runId;
  },
  partition(model, { runId, index, classCounts, bytes, atMs }) {
    runOf(model, runId, atMs).partitions[index] = { classCounts, bytes };
  },
  runReport(model, { atMs, type, ...report }) {
    const run = runOf(model, report.runId, atMs);
    run.report = report;
    run.state = 'succeeded';
    run.lastMs = atMs;
    model.lastRun = report.runId;
  },
};

/** Add what one event says. Events of types that are not known are counted and leave no other trace. */
export function apply(model, event) {
  if (typeof event?.atMs !== 'number' || typeof event.type !== 'string') return;
  model.numEvents++;
  APPLY[event.type]?.(model, event);
  if (event.atMs < model.firstMs) model.firstMs = event.atMs;
  if (event.atMs > model.lastMs) model.lastMs = event.atMs;
}

/** Tasks of a run's stage: how many there are, and how many have their result in the bucket. */
export function progressOf(run, name) {
  const stage = run?.stages.find((each) => each.name === name);
  if (!stage) return { state: 'waiting', total: 0, done: 0 };
  const { numTasks: total, startedAtMs, finishedAtMs } = stage;
  // results that were seen to be written, or were counted by who looked
  const done = stage.state === 'done' ? total : Math.min(total, Math.max(run.results[name].size, stage.numDone ?? 0));
  return { state: stage.state, total, done, startedAtMs, finishedAtMs };
}

function runOf(model, runId, atMs) {
  let run = model.runs.get(runId);
  if (!run) {
    run = {
      runId,
      state: 'queued',
      stages: [],
      results: Object.fromEntries(STAGES.map((name) => [name, new Set()])),
      objects: new Map(),
      partitions: [],
      firstMs: atMs,
      lastMs: atMs,
    };
    model.runs.set(runId, run);
    model.lastRun ??= runId;
  }
  return run;
}

function addObject(run, name, bytes) {
  if (!run.objects.has(name) || bytes > 0) run.objects.set(name, bytes);
  const stage = RESULTS.find(([, pattern]) => pattern.test(name))?.[0];
  if (stage) run.results[stage].add(name);
}

function addMark(model, row, activity, startMs, invocation) {
  const mark = { row, activity, startMs, endMs: Number.POSITIVE_INFINITY, invocation };
  model.marks.push(mark);
  return mark;
}

function close(sandbox, atMs) {
  if (sandbox.open) sandbox.open.endMs = atMs;
  sandbox.open = undefined;
}

function changeConcurrency(model, by, atMs) {
  model.workersInFlight = Math.max(0, model.workersInFlight + by);
  model.concurrency.atMs.push(atMs);
  model.concurrency.value.push(model.workersInFlight);
}

function endInvocation(model, sandbox, atMs) {
  close(sandbox, atMs);
  sandbox.invocation.endMs = atMs;
  sandbox.invocation = undefined;
  if (sandbox.state !== 'gone') sandbox.state = 'idle';
  model.inFlight = Math.max(0, model.inFlight - 1);
  if (STAGES.includes(shortName(sandbox.functionName))) changeConcurrency(model, -1, atMs);
}

function endSandbox(model, sandbox, atMs, reason) {
  const { invocation } = sandbox;
  if (invocation) {
    endInvocation(model, sandbox, atMs);
    if (KILLS.has(reason)) addFailure(model, { atMs, sandbox, invocation, error: { type: reason, message: '' } });
  }
  close(sandbox, atMs);
  sandbox.state = 'gone';
  sandbox.exit = reason;
  if (!KILLS.has(reason)) return;
  const mark = addMark(model, sandbox.row, 6, atMs, invocation);
  mark.endMs = atMs;
}

function addFailure(model, { atMs, sandbox, invocation, error }) {
  model.numFailures++;
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
