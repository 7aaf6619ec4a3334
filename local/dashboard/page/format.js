// Numbers and times as text.

export const count = (value) => Math.round(value).toLocaleString('en-US');
export const usd = (value) => `$${value.toFixed(value < 0.1 ? 6 : 2)}`;
export const percent = (share) => `${(100 * share).toFixed(1)} %`;

export function bytes(value) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let scaled = value;
  for (; scaled >= 1000 && unit < units.length - 1; unit++) scaled /= 1000;
  return `${unit === 0 ? scaled : scaled.toFixed(1)} ${units[unit]}`;
}

export function seconds(ms) {
  if (ms === 0) return '0 s';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** What a task is, from the input of its invocation: `train 0–25`. */
export function taskName(functionName, input) {
  const stage = functionName.replace(/^arvoredo-/, '');
  if (input === undefined) return stage;
  try {
    const { taskId, kind, chunkIndex, partitionIndex, treeStart, treeEnd, fold } = JSON.parse(input);
    if (taskId !== undefined) return taskId;
    if (kind === 'bins' || kind === 'merge') return kind;
    if (kind === 'fold' || kind === 'fit') return `${kind} ${fold}`;
    if (treeStart !== undefined) return `${stage} ${treeStart}–${treeEnd}`;
    const index = chunkIndex ?? partitionIndex;
    return index === undefined ? stage : `${stage} ${index}`;
  } catch {
    return stage;
  }
}
