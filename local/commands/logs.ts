// arvoredo logs: what the functions of a run wrote.

import { Command } from 'commander';
import { FUNCTION_NAMES } from '../../functions/manifest.ts';
import { InputError } from '../../lib/base/errors.ts';
import { either, quote } from '../../lib/base/quote.ts';
import { getRequest, viewRun } from '../../lib/run/run.ts';
import type { Store } from '../../lib/store/store.ts';
import { openStore } from '../backend/backend.ts';
import { stackTarget } from '../backend/local-target.ts';
import { integerParser } from '../config/parse.ts';
import { awsLogs } from '../logs/aws-logs.ts';
import type { LogLine } from '../logs/line.ts';
import { localLogs } from '../logs/local-logs.ts';
import { colours } from '../output/colours.ts';
import { addBackendAndJsonOptions, type BackendAndJsonFlags, orLastRun } from './backend-options.ts';
import { checkJson, writeJson } from './output.ts';

interface LogsFlags extends BackendAndJsonFlags {
  task?: string;
  function?: string;
  follow: boolean;
  tail?: number;
}

const NAMES: readonly string[] = [...FUNCTION_NAMES].sort();

export function logsCommand(): Command {
  const command = new Command('logs')
    .description('Print the logs of the functions of a run: a line for each task, and the errors.')
    .argument('[RUN_ID]', 'the run (the latest)')
    .option('--task <ID>', 'only this task: split-3, train-0-50, merge')
    .option('--function <NAME>', 'only this function: generate, trainLarge, orchestrator')
    .option('--follow', 'wait for more lines until the run has ended', false)
    .option('--tail <N>', 'print the last N lines only', integerParser(1, 1_000_000));
  return addBackendAndJsonOptions(command).action(async (named: string | undefined, flags: LogsFlags) => {
    const { json, task, function: of, tail } = flags;
    if (of !== undefined && !NAMES.includes(of))
      throw new InputError(`--function must be ${either(NAMES)}, got ${quote(of)}`);
    await checkJson(json);
    const { store, close } = await openStore(flags);
    try {
      const runId = await orLastRun({ store }, named);
      const shown: LogLine[] = [];
      let isFirst = true;
      for await (const look of await openLogs(store, runId, flags)) {
        const lines = look.filter(
          (line) => (task ?? line.taskId) === line.taskId && (of ?? line.function) === line.function,
        );
        const last = isFirst && tail !== undefined ? lines.slice(-tail) : lines;
        isFirst = false;
        shown.push(...last);
        if (json !== '-') for (const line of last) console.log(describeLine(line));
      }
      if (shown.length === 0) console.error(`no such lines of run ${runId}`);
      await writeJson(json, shown);
    } finally {
      await close();
    }
  });
}

/** @throws {NotFoundError} when the run does not exist */
async function openLogs(store: Store, runId: string, flags: LogsFlags): Promise<AsyncGenerator<LogLine[]>> {
  const { on, dataDir, stack, follow } = flags;
  await viewRun(store, runId); // says so where there is none
  if (on === 'local') return localLogs({ dataDir, runId, follow });
  const [{ functions }, { createdAt }] = await Promise.all([stackTarget(stack), getRequest(store, runId)]);
  const isAtWork = async () => ['queued', 'running'].includes((await viewRun(store, runId)).state);
  return awsLogs({ runId, functions, sinceMs: Date.parse(createdAt), ...(follow && { isAtWork }) });
}

const LEVEL_COLOURS: Record<string, (text: string) => string> = {
  ERROR: colours.red,
  FATAL: colours.red,
  WARN: colours.yellow,
};

function describeLine({ atMs, function: name, level, taskId, message }: LogLine): string {
  const colour = LEVEL_COLOURS[level ?? ''] ?? ((text: string) => text);
  return `${colours.dim(new Date(atMs).toISOString().slice(11, 23))} ${(taskId ?? name).padEnd(14)} ${colour(message)}`;
}
