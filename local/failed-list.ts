// The tasks that a run could not finish, for a person.

import type { FailedTasks } from '../lib/failed.ts';
import { findJson } from '../lib/json.ts';
import { runKeys } from '../lib/keys.ts';
import type { Store } from '../lib/store.ts';

const MOST_SHOWN = 5;
const MAX_CHARACTERS = 160;

/** A line for each of the first, none when one task failed: the error has told of it. */
export async function listFailed(store: Store, runId: string): Promise<string> {
  const file = await findJson<FailedTasks>(store, runKeys(runId).failed);
  if (!file || file.tasks.length < 2) return '';
  const { stage, tasks, numTasks, numDone } = file;
  const lines = tasks.slice(0, MOST_SHOWN).map(({ taskId, inputKey, attempts, error: { name, message } }) => {
    const times = attempts === 1 ? 'once' : `${attempts} times`;
    const text = `${name}: ${message}`;
    const cause = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
    return `  ${taskId}, of ${inputKey ?? 'no object'}, failed ${times}: ${cause}`;
  });
  const rest = tasks.length - lines.length;
  if (rest > 0) lines.push(`  and ${rest} more`);
  return [`\n${stage}: ${numDone} of ${numTasks} tasks done, ${tasks.length} failed`, ...lines].join('\n');
}
