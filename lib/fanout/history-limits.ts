// Limits the history of a fan-out that executions pass on.

import type { FailedTask } from './summary.ts';

/** Every n-th item, with n chosen so that at most `most` remain. */
export function thin<T>(items: readonly T[], most: number): T[] {
  const every = Math.ceil(items.length / most);
  return items.filter((_, i) => i % every === 0);
}

/** Keep failed tasks up to a size as JSON: first the logs are removed, then the last tasks. */
export function keepFailed(failed: readonly FailedTask[], maxBytes: number): FailedTask[] {
  const kept: FailedTask[] = [];
  let left = maxBytes;
  for (const task of failed) {
    const one = [task, withoutLogs(task)].find((form) => jsonBytes(form) <= left);
    if (!one) break;
    left -= jsonBytes(one);
    kept.push(one);
  }
  return kept;
}

const jsonBytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value)) + 1;

function withoutLogs(task: FailedTask): FailedTask {
  const bare = ({ name, message }: FailedTask['error']) => ({ name, message });
  return { ...task, error: bare(task.error), errors: task.errors.map((error) => error && bare(error)) };
}
