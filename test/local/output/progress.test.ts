import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StageStatus } from '../../../lib/stages/stage.ts';
import { hasColours, isLively } from '../../../local/output/colours.ts';
import { createPace } from '../../../local/output/progress.ts';

const stage = (numDone: number, rest: Partial<StageStatus> = {}): StageStatus => ({
  ...{ name: 'train', state: 'running', numTasks: 100, startedAtMs: 0 },
  numDone,
  ...rest,
});

test('the pace of a stage is that of its own tasks, and what is left follows from it', () => {
  let nowMs = 500;
  const paceOf = createPace(() => nowMs);
  assert.equal(paceOf(stage(0)), '0.5 s');
  nowMs = 4000;
  assert.equal(paceOf(stage(0)), '4.0 s');
  assert.equal(paceOf(stage(10)), '2.5/s  about 36 s left');
  assert.equal(paceOf(stage(100)), '25.0/s');
  assert.equal(paceOf(stage(10, { numTasks: 1000 })), '2.5/s  about 7 min left');
  assert.equal(paceOf(stage(10, { numTasks: 50_000 })), '2.5/s  about 5.6 h left');
  assert.equal(paceOf(stage(100, { state: 'done', finishedAtMs: 5000 })), '5.0 s');
});

test('tasks that were done before are no pace', () => {
  let nowMs = 2000;
  const paceOf = createPace(() => nowMs);
  assert.equal(paceOf(stage(80)), '2.0 s');
  nowMs = 10_000;
  assert.equal(paceOf(stage(90)), '1.0/s  about 10 s left');
});

test('colours are for terminals, unless the environment says otherwise', () => {
  const terminal = { isTTY: true };
  const cases: [{ isTTY?: boolean }, Record<string, string>, boolean][] = [
    [terminal, {}, true],
    [{}, {}, false],
    [{}, { CI: 'true' }, false],
    [terminal, { TERM: 'dumb' }, false],
    [terminal, { NO_COLOR: '1' }, false],
    [terminal, { NO_COLOR: '' }, true],
    [{}, { FORCE_COLOR: '1' }, true],
    [terminal, { FORCE_COLOR: '0' }, false],
    [terminal, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ];
  for (const [stream, env, expected] of cases) assert.equal(hasColours(stream, env), expected, JSON.stringify(env));
  assert.equal(isLively(terminal, 'dumb'), false);
});
