// A line of a function's log, as Lambda and the emulator write it.

/** An entry of the list that `arvoredo logs --json` prints. */
export interface LogLine {
  /** Milliseconds since 1970. */
  atMs: number;
  /** `generate`, `trainLarge`, `orchestrator` and so on. */
  function: string;
  /** None where the line does not say. */
  level: string | null;
  requestId: string | null;
  /** As in `failed.json`: `split-3`, `train-0-50`, `merge`. None where the line is of no task. */
  taskId: string | null;
  message: string;
}

/** The content of a line, without its source and time. */
export type ParsedLine = Pick<LogLine, 'level' | 'requestId' | 'taskId' | 'message'>;

/** Lambda's own format: time, request, level, message. */
const TABBED = /^\d{4}-\d\d-\d\dT\S+\t(\S+)\t([A-Z]+)\t(.*)$/s;
const MAX_MESSAGE = 2000;

/**
 * Read a line in either of Lambda's formats, JSON as on AWS or text as here; any other line is its own message.
 *
 * @param functionName `generate` and so on
 */
export function parseLine(text: string, functionName: string): ParsedLine {
  const line = text.trimEnd();
  const tabbed = TABBED.exec(line);
  if (tabbed) return { requestId: tabbed[1], level: tabbed[2], ...parseMessage(tabbed[3], functionName) };
  const json = parseObject(line);
  if (json?.record) return parsePlatform(String(json.type), json.record as Record<string, unknown>);
  if (json?.message === undefined || json.runId !== undefined)
    return { requestId: null, level: null, ...parseMessage(line, functionName) };
  const { requestId = null, level = null, message } = json as { requestId?: string; level?: string; message: unknown };
  const own = typeof message === 'string' ? message : JSON.stringify(message);
  return { requestId, level, ...parseMessage(own, functionName) };
}

/** Our own lines are JSON, with a message and the task. */
function parseMessage(text: string, functionName: string): Pick<LogLine, 'taskId' | 'message'> {
  const { message, runId, used, error, ...task } = parseObject(text) ?? {};
  if (typeof message !== 'string' || typeof runId !== 'string')
    return { taskId: null, message: text.slice(0, MAX_MESSAGE) };
  const { gbSeconds, s3Reads, s3Writes } = (used ?? {}) as Record<string, number>;
  const what = used ? `, ${gbSeconds.toFixed(2)} GB-s, ${s3Reads} reads, ${s3Writes} writes` : '';
  const why = error === undefined ? '' : `: ${error}`;
  return { taskId: readTaskId(task, functionName), message: `${message}${what}${why}`.slice(0, MAX_MESSAGE) };
}

/**
 * The id of a task by its payload: its kind, or its stage, and its numbers.
 *
 * @param task without the run's id
 */
export function readTaskId(task: Record<string, unknown>, functionName: string): string {
  const { kind = functionName.replace(/Large$/, ''), ...rest } = task;
  const numbers = Object.values(rest).filter((value) => typeof value === 'number');
  return [kind === 'grow' ? 'train' : kind, ...numbers].join('-');
}

/** A line of Lambda itself: how an invocation ended. */
function parsePlatform(type: string, record: Record<string, unknown>): ParsedLine {
  const { requestId = null, status, errorType } = record as { requestId?: string; status?: string; errorType?: string };
  const isFailure = status !== undefined && status !== 'success';
  const message = [type, status, errorType].filter(Boolean).join(' ');
  return { requestId, level: isFailure ? 'ERROR' : 'INFO', taskId: null, message };
}

/** Whether a line names a run: as a word, since a run may be called `one`. */
export function namesRun(text: string, runId: string): boolean {
  return new RegExp(`(^|[^\\w-])${runId}($|[^\\w-])`).test(text); // ids have letters, digits, - and _ only
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
