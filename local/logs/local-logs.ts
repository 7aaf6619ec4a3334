// What the functions of a run wrote in the emulator: from its log of events, whether or not it is up.

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runIdOfExecution } from '../../lib/store/keys.ts';
import { EVENTS_FILE } from '../dashboard/event-log.ts';
import { findEmulator } from '../emulator/emulator.ts';
import type { LambdaEvent } from '../lambda/options.ts';
import { type LogLine, namesRun, parseLine, readTaskId } from './line.ts';

const POLL_MS = 200;
/** Polls of the file for each check whether the emulator is still running. */
const POLLS_PER_EMULATOR_CHECK = 10;
/** Types of events that are read; the others are skipped unparsed, since the file may be long. */
const STARTS = ['log', 'invokeStarted', 'invokeFinished', 'executionFinished'].map((type) => `{"type":"${type}"`);

export interface LocalLogOptions {
  dataDir: string;
  runId: string;
  /** Wait for more lines until the run or the emulator has ended. */
  follow: boolean;
}

/** Lines of a run in the order written, one batch for each poll; a line reports each sandbox that was killed. */
export async function* localLogs({ dataDir, runId, follow }: LocalLogOptions): AsyncGenerator<LogLine[]> {
  const file = join(dataDir, EVENTS_FILE);
  const reader = new RunReader(runId);
  let offset = 0;
  for (let poll = 1; ; poll++) {
    const isLast =
      !follow || reader.isDone || (poll % POLLS_PER_EMULATOR_CHECK === 0 && !(await findEmulator(dataDir)));
    const lines: LogLine[] = [];
    for await (const { text, end } of wholeLines(file, offset)) {
      offset = end;
      const line = STARTS.some((start) => text.startsWith(start)) ? reader.read(parse(text)) : undefined;
      if (line) lines.push(line);
    }
    yield lines;
    if (isLast) return;
    await sleep(POLL_MS);
  }
}

const OTHER_RUN = Symbol('other run');

/** Which invocations are of the run, by sandbox, as the events go by. */
class RunReader {
  readonly #runId: string;
  /** The task that a sandbox is at. */
  readonly #tasks = new Map<string, string | typeof OTHER_RUN>();
  isDone = false;

  constructor(runId: string) {
    this.#runId = runId;
  }

  read(event: LambdaEvent | undefined): LogLine | undefined {
    if (event?.type === 'executionFinished') this.isDone ||= runIdOfExecution(event.executionName) === this.#runId;
    if (event?.type === 'invokeStarted') this.#start(event);
    if (event?.type === 'log') return this.#toLine(event);
    return event?.type === 'invokeFinished' ? this.#finish(event) : undefined;
  }

  #start({ sandboxId, functionName, input }: Extract<LambdaEvent, { type: 'invokeStarted' }>): void {
    // the orchestrator's input, its history, is too long for the event log
    const { runId, ...task } = (input === undefined ? undefined : parse(input)) ?? {};
    if (runId === undefined) this.#tasks.delete(sandboxId);
    else this.#tasks.set(sandboxId, runId === this.#runId ? readTaskId(task, shortName(functionName)) : OTHER_RUN);
  }

  #toLine({ atMs, text, sandboxId, functionName }: Extract<LambdaEvent, { type: 'log' }>): LogLine | undefined {
    const task = this.#tasks.get(sandboxId);
    if (task === OTHER_RUN || (task === undefined && !namesRun(text, this.#runId))) return undefined;
    const parsed = parseLine(text, shortName(functionName));
    return { atMs, function: shortName(functionName), ...parsed, taskId: parsed.taskId ?? task ?? null };
  }

  /** A function that fails writes of it itself, unless it is killed. */
  #finish({ atMs, sandboxId, functionName, requestId, error }: Extract<LambdaEvent, { type: 'invokeFinished' }>) {
    const taskId = this.#tasks.get(sandboxId);
    this.#tasks.delete(sandboxId);
    if (taskId === undefined || taskId === OTHER_RUN || !error || !/^(Sandbox|Runtime)\./.test(error.type))
      return undefined;
    const message = `${error.type}: ${error.message.replace(/^RequestId: \S+ (Error: )?/, '')}`;
    return { atMs, function: shortName(functionName), level: 'ERROR', requestId, taskId, message };
  }
}

const shortName = (functionName: string) => functionName.replace(/^arvoredo-/, '');

/** Undefined for a line that a full disk tore. */
// biome-ignore lint/suspicious/noExplicitAny: each line is an event, each input a task
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Complete lines from a position in a file; a missing file has none. */
async function* wholeLines(file: string, start: number): AsyncGenerator<{ text: string; end: number }> {
  let rest = Buffer.alloc(0);
  let end = start;
  try {
    for await (const chunk of createReadStream(file, { start })) {
      rest = Buffer.concat([rest, chunk as Buffer]);
      let from = 0;
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10, from)) {
        end += at + 1 - from;
        yield { text: rest.toString('utf8', from, at), end };
        from = at + 1;
      }
      rest = rest.subarray(from);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
