import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveOptions } from '../../../lib/fanout/options.ts';
import { step } from '../../../lib/fanout/policy.ts';
import { inferStarts } from '../../../lib/fanout/start-times.ts';
import { createState } from '../../../lib/fanout/state.ts';

/** Tasks that are all asked for at 0 and get places in their order: when each truly starts and ends. */
function queue(durations: readonly number[], numPlaces: number) {
  const freeMs = new Array<number>(numPlaces).fill(0);
  return durations.map((ms) => {
    const place = freeMs.indexOf(Math.min(...freeMs));
    const startMs = freeMs[place];
    freeMs[place] = startMs + ms;
    return { startMs, endMs: startMs + ms };
  });
}

test('no attempt is taken to run before it does, whatever the places and the times', () => {
  const durations = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(durations, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 400 }), (times, places, atMs) => {
      const truth = queue(times, places);
      const state = createState(
        times.map((_, i) => `t${i}`),
        resolveOptions({}),
      );
      step(state, { type: 'start', atMs: 0 });
      for (const [task, { endMs }] of truth.entries()) {
        if (endMs <= atMs) step(state, { type: 'succeeded', task, attempt: 1, atMs: endMs });
      }
      const starts = inferStarts(state, atMs);
      for (const [task, { startMs, endMs }] of truth.entries()) {
        const start = starts.get(state.tasks[task].attempts[0]);
        if (endMs > atMs && start !== undefined) assert.ok(start >= startMs, `${task}: ${start}, began ${startMs}`);
      }
      // the first in the line has a place in any case
      const first = truth.findIndex(({ endMs }) => endMs > atMs);
      if (first !== -1) assert.ok(starts.has(state.tasks[first].attempts[0]));
    }),
    { seed: 1 },
  );
});

test('one that pauses before its next attempt, and one whose twin was first, hold no place', () => {
  const state = createState(['a', 'b', 'c'], resolveOptions({}));
  step(state, { type: 'start', atMs: 0 });
  step(state, { type: 'failed', task: 0, attempt: 1, atMs: 10, error: { name: 'CrashError', message: 'x' } });
  const paused = inferStarts(state, 20);
  assert.equal(paused.has(state.tasks[0].attempts[1]), false);
  assert.equal(paused.get(state.tasks[1].attempts[0]), 10);
  step(state, { type: 'decided', atMs: 30, decision: { speculate: [{ task: 1, attempt: 2 }], failed: [] } });
  step(state, { type: 'succeeded', task: 1, attempt: 2, atMs: 40 });
  // the first attempt of b never answers
  assert.ok(inferStarts(state, 50).get(state.tasks[2].attempts[0])! <= 40);
});
