// Counters of a run, or of all runs together.

/** Counters of a run, or of all runs together. */
export const createCounts = () => ({
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

export function count(counts, { attempt }, atMs) {
  counts.workerInvocations++;
  if (attempt > 1) counts.retries++;
  changeConcurrency(counts, 1, atMs);
}

/** The counters that an invocation adds to. */
export function selectCounts(model, invocation) {
  return invocation?.run ? [model, invocation.run] : [model];
}

export function changeConcurrency(counts, by, atMs) {
  counts.workersInFlight = Math.max(0, counts.workersInFlight + by);
  counts.concurrency.atMs.push(atMs);
  counts.concurrency.value.push(counts.workersInFlight);
}
