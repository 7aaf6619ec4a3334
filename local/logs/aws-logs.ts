// Log lines of a run on AWS, from the log groups of a stack's functions.

import { setTimeout as sleep } from 'node:timers/promises';
import { CloudWatchLogsClient, type FilteredLogEvent, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { type LogLine, namesRun, parseLine } from './line.ts';

/** Poll interval while the run is running. */
const POLL_MS = 2000;
/** CloudWatch shows a line some seconds after it was written, and not in order. */
const LATE_MS = 15_000;

export interface AwsLogOptions {
  runId: string;
  /** Names of the deployed functions by their short names, such as `generate`. */
  functions: Readonly<Record<string, string>>;
  /** When the run was requested; earlier lines are not read. */
  sinceMs: number;
  /** Whether the run is still running; polling continues until then, and a little longer. */
  isAtWork?: () => Promise<boolean>;
}

/** Lines with the run's id, in batches, one for each poll and sorted by time. */
export async function* awsLogs(
  { runId, functions, sinceMs, isAtWork }: AwsLogOptions,
  pollMs = POLL_MS,
): AsyncGenerator<LogLine[]> {
  const groups = await findLogGroups(functions);
  const client = new CloudWatchLogsClient({ maxAttempts: 5 });
  const seen = new Set<string>();
  let from = sinceMs;
  for (;;) {
    const isLast = !(await isAtWork?.());
    if (isAtWork && isLast) await sleep(pollMs); // for what comes late
    const lines: LogLine[] = [];
    for (const [name, group] of groups) {
      for (const { eventId, timestamp = 0, message = '' } of await readGroup(client, group, runId, from)) {
        if (seen.has(eventId!) || !namesRun(message, runId)) continue;
        seen.add(eventId!);
        lines.push({ atMs: timestamp, function: name, ...parseLine(message, name) });
      }
    }
    lines.sort((a, b) => a.atMs - b.atMs);
    yield lines;
    if (isLast) return;
    from = Math.max(from, (lines.at(-1)?.atMs ?? 0) - LATE_MS);
    await sleep(pollMs);
  }
}

/** Find the log groups, whose names the functions' configurations have. */
async function findLogGroups(functions: Readonly<Record<string, string>>): Promise<[name: string, group: string][]> {
  const client = new LambdaClient({ maxAttempts: 5 });
  return Promise.all(
    Object.entries(functions).map(async ([name, FunctionName]): Promise<[string, string]> => {
      const { LoggingConfig } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
      return [name, LoggingConfig?.LogGroup ?? `/aws/lambda/${FunctionName}`];
    }),
  );
}

async function readGroup(
  client: CloudWatchLogsClient,
  logGroupName: string,
  runId: string,
  startTime: number,
): Promise<FilteredLogEvent[]> {
  const events: FilteredLogEvent[] = [];
  const filterPattern = `"${runId}"`; // in quotes: what is in it is taken as it stands
  try {
    for await (const page of paginateFilterLogEvents({ client }, { logGroupName, filterPattern, startTime })) {
      events.push(...(page.events ?? []));
    }
  } catch (error) {
    // a function that was never called has none
    if (!(error instanceof Error && error.name === 'ResourceNotFoundException')) throw error;
  }
  return events;
}
