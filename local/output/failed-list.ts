// The tasks that a run could not finish, for a person.

import type { FailedTasks } from '../../lib/run/failed.ts';
import { findJson } from '../../lib/store/json.ts';
import { runKeys } from '../../lib/store/keys.ts';
import type { Store } from '../../lib/store/store.ts';

const MOST_SHOWN = 5;
const MAX_CHARACTERS = 160;
const LOG_LINES = 8;

/** A line for each of the first failed tasks, unless only one failed, which the error names. Then the end of the first one's log. */
export async function listFailed(store: Store, runId: string): Promise<string> {
  const file = await findJson<FailedTasks>(store, runKeys(runId).failed);
  const first = file?.tasks[0];
  if (!file || !first) return '';
  // the message of an InputError says everything; its stack does not help a user
  const isWrongInput = ['InputError', 'FormatError'].includes(first.error.name);
  const log = isWrongInput ? [] : (first.error.log ?? '').split('\n').filter((line) => line !== '');
  const shown = log.slice(-LOG_LINES).map((line) => `  ${shorten(line)}`);
  const tail = shown.length > 0 ? [`\nthe end of the log of ${first.taskId}:`, ...shown] : [];
  return [...(file.tasks.length > 1 ? listLines(file) : []), ...tail].join('\n');
}

function listLines({ stage, tasks, numTasks, numDone, numFailed = tasks.length }: FailedTasks): string[] {
  const lines = tasks.slice(0, MOST_SHOWN).map(({ taskId, inputKey, attempts, error: { name, message } }) => {
    const times = attempts === 1 ? 'once' : `${attempts} times`;
    return `  ${taskId}, of ${inputKey ?? 'no object'}, failed ${times}: ${shorten(`${name}: ${message}`)}`;
  });
  const rest = numFailed - lines.length;
  if (rest > 0) lines.push(`  and ${rest} more`);
  return [`\n${stage}: ${numDone} of ${numTasks} tasks done, ${numFailed} failed`, ...lines];
}

function shorten(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
