// When attempts began to run, as far as can be told from who was done before whom.

import { type Attempt, type FanOutState, isSettled } from './state.ts';

/**
 * An attempt that is asked for may wait for a sandbox, and nobody says when that is over. Sandboxes are given in the order
 * of asking: when one is done, those that were asked for earlier and are not done must have begun. And they show how many
 * places there are at least; as long as nobody is done any more, the first so many in the line have run since the last was.
 *
 * @returns milliseconds since 1970 by attempt; one that is left out may not have started. Never before it was asked for
 */
export function startsOf(state: FanOutState, atMs: number): Map<Attempt, number> {
  const starts = new Map<Attempt, number>();
  const line: Attempt[] = [];
  let places = 1;
  let lastEndMs = 0;
  let numRunning = 0; // they are the first in the line
  for (const { ms, attempt, isEnd } of turnsOf(state, atMs)) {
    let numKnown = 1;
    if (isEnd) {
      const position = line.indexOf(attempt);
      line.splice(position, 1);
      places = Math.max(places, position + 1);
      lastEndMs = ms;
      if (position < numRunning) numRunning--;
      numKnown = Math.max(numKnown, position);
    } else line.push(attempt);
    while (numRunning < Math.min(numKnown, line.length)) starts.set(line[numRunning++], ms);
  }
  for (const attempt of line.slice(numRunning, places)) starts.set(attempt, Math.max(lastEndMs, attempt.startedAtMs));
  return starts;
}

interface Turn {
  ms: number;
  attempt: Attempt;
  isEnd: boolean;
}

/** Attempts being asked for and ending, in the order of their times. Of those that end together the last is the first: they ran together. */
function turnsOf({ tasks }: FanOutState, atMs: number): Turn[] {
  const turns: Turn[] = [];
  for (const task of tasks) {
    const doneMs = task.winner === undefined ? undefined : task.attempts[task.winner - 1].endedAtMs!;
    for (const attempt of task.attempts) {
      if (attempt.startedAtMs > atMs) continue; // it pauses
      turns.push({ ms: attempt.startedAtMs, attempt, isEnd: false });
      // of one that nobody waits for it isn't known: its place is taken to be free with its task's end
      const endMs = attempt.endedAtMs ?? (isSettled(task) ? (doneMs ?? atMs) : undefined);
      if (endMs !== undefined) turns.push({ ms: Math.max(endMs, attempt.startedAtMs), attempt, isEnd: true });
    }
  }
  const order = new Map(turns.map((turn, i) => [turn, turn.isEnd ? -i : i]));
  return turns.sort((a, b) => a.ms - b.ms || Number(a.isEnd) - Number(b.isEnd) || order.get(a)! - order.get(b)!);
}
