// Infers when attempts started from the order in which they ended.

import { type Attempt, type FanOutState, isSettled } from './state.ts';

/**
 * A requested attempt may wait for a sandbox, and Lambda does not report when the wait ends. Sandboxes are assigned in the
 * order of requests: when an attempt ends, those requested earlier must have started. Their number also is a lower bound of
 * the concurrency; while no attempt ends, as many at the head of the queue count as running since the last end.
 *
 * @returns milliseconds since 1970 by attempt, never before its request; an attempt that may not have started is missing
 */
export function inferStarts(state: FanOutState, atMs: number): Map<Attempt, number> {
  const starts = new Map<Attempt, number>();
  const queue: Attempt[] = [];
  let concurrency = 1;
  let lastEndMs = 0;
  let numRunning = 0; // they are at the head of the queue
  for (const { ms, attempt, isEnd } of listTurns(state, atMs)) {
    let numKnown = 1;
    if (isEnd) {
      const position = queue.indexOf(attempt);
      queue.splice(position, 1);
      concurrency = Math.max(concurrency, position + 1);
      lastEndMs = ms;
      if (position < numRunning) numRunning--;
      numKnown = Math.max(numKnown, position);
    } else queue.push(attempt);
    while (numRunning < Math.min(numKnown, queue.length)) starts.set(queue[numRunning++], ms);
  }
  for (const attempt of queue.slice(numRunning, concurrency))
    starts.set(attempt, Math.max(lastEndMs, attempt.startedAtMs));
  return starts;
}

interface Turn {
  ms: number;
  attempt: Attempt;
  isEnd: boolean;
}

/** List requests and ends of attempts in the order of time. Of attempts that end together the last comes first: they ran together. */
function listTurns({ tasks }: FanOutState, atMs: number): Turn[] {
  const turns: Turn[] = [];
  for (const task of tasks) {
    const doneMs = task.winner === undefined ? undefined : task.attempts[task.winner - 1].endedAtMs!;
    for (const attempt of task.attempts) {
      if (attempt.startedAtMs > atMs) continue; // still pausing
      turns.push({ ms: attempt.startedAtMs, attempt, isEnd: false });
      // the end of an abandoned attempt is unknown: its slot counts as free from the end of its task
      const endMs = attempt.endedAtMs ?? (isSettled(task) ? (doneMs ?? atMs) : undefined);
      if (endMs !== undefined) turns.push({ ms: Math.max(endMs, attempt.startedAtMs), attempt, isEnd: true });
    }
  }
  const order = new Map(turns.map((turn, i) => [turn, turn.isEnd ? -i : i]));
  return turns.sort((a, b) => a.ms - b.ms || Number(a.isEnd) - Number(b.isEnd) || order.get(a)! - order.get(b)!);
}
