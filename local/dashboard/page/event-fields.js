// Which events the model can read.

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
export function isReadable(event) {
  const fields = Object.hasOwn(FIELDS, event.type) ? Object.entries(FIELDS[event.type]) : undefined;
  return fields?.every(([name, type]) => typeOf(event[name]) === type) ?? false;
}
