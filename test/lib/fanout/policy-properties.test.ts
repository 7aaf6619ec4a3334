import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Failure } from '../../../lib/fanout/error-class.ts';
import { type FanOutOptions, resolveOptions } from '../../../lib/fanout/options.ts';
import { type FanOutCommand, type FanOutEvent, step } from '../../../lib/fanout/policy.ts';
import { createState } from '../../../lib/fanout/state.ts';
import { summarize } from '../../../lib/fanout/summary.ts';

import { CRASH, INPUT, KILLED, MEMORY } from './policy-harness.ts';

const anyError = fc.constantFrom(CRASH, KILLED, INPUT, MEMORY, {
  name: 'TimeoutError',
  message: 'timed out after 3 s',
});
const anyOptions = fc.record({
  maxInFlight: fc.integer({ min: 1, max: 30 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  toleratedFailures: fc.constantFrom(0, 1, 0.5),
  failFast: fc.boolean(),
  minSuccessful: fc.constantFrom(null, 3, 0.5),
  speculate: fc.boolean(),
  breakerAttempts: fc.constantFrom(5, 1000),
  taskDeadlineMs: fc.constantFrom(null, 20_000),
});

/** Decisions of chance: which attempt ends next, when, and how. */
interface Chance {
  choices: number[];
  errors: Failure[];
  /** Percentage of attempts that fail. */
  failing: number;
}

/** Run a fan-out in which chance decides which attempt ends next, how, and which event is repeated or late. */
function simulate(
  numTasks: number,
  options: FanOutOptions,
  memorySizesMiB: number[],
  { choices, errors, failing }: Chance,
) {
  const state = createState(
    Array.from({ length: numTasks }, (_, i) => `t${i}`),
    resolveOptions(options),
    memorySizesMiB,
  );
  const inFlight: { task: number; attempt: number }[] = [];
  const reasons: string[] = [];
  const asked = new Set<string>();
  let atMs = 0;
  let turn = 0;
  const choose = (below: number) => choices[turn++ % choices.length] % below;
  const perform = (commands: FanOutCommand[]) => {
    for (const command of commands) {
      if (command.type === 'end') reasons.push(command.reason);
      if (command.type === 'decide') perform(step(state, { type: 'decided', decision: command.decision, atMs }));
      if (command.type !== 'invoke') continue;
      const key = `${command.task} ${command.attempt}`;
      const { task, attempt } = command;
      if (!asked.has(key)) inFlight.push({ task, attempt });
      asked.add(key);
    }
  };
  perform(step(state, { type: 'start', atMs }));
  for (; inFlight.length > 0; ) {
    atMs += choose(3000);
    assert.ok(state.inFlight <= 2 * state.options.maxInFlight, 'more in flight than allowed, twins included');
    if (choose(4) === 0) perform(step(state, { type: 'tick', atMs }));
    const [one] = inFlight.splice(choose(inFlight.length), 1) as [(typeof inFlight)[0]];
    const event: FanOutEvent =
      choose(100) < failing
        ? { type: 'failed', ...one, atMs, error: errors[choose(errors.length)] }
        : { type: 'succeeded', ...one, atMs };
    perform(step(state, event));
    if (choose(5) === 0) perform(step(state, event)); // repeated
  }
  return { state, reasons, asked };
}

suite('policy under any events', () => {
  test('ends once, loses no task, counts none twice, and keeps to the limits', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 40 }),
      anyOptions,
      fc.constantFrom<number[]>([1769], [1769, 3538]),
      fc.record({
        choices: fc.array(fc.nat(10_000), { minLength: 20, maxLength: 200 }),
        errors: fc.array(anyError, { minLength: 1, maxLength: 5 }),
        failing: fc.constantFrom(0, 10, 40, 100),
      }),
      (numTasks, options, memorySizesMiB, chance) => {
        const { state, reasons, asked } = simulate(numTasks, options, memorySizesMiB, chance);
        assert.equal(reasons.length, 1);
        const { counts, failed: lost } = summarize(state);
        const open = state.tasks.filter((task) => task.state === 'queued' || task.state === 'running').length;
        assert.equal(counts.done + counts.failed + open, numTasks);
        // if the breaker opened, tasks with failed attempts that were not final follow
        assert.ok(lost.length === counts.failed || (reasons[0] === 'breakerOpen' && lost.length > counts.failed));
        assert.ok(open === 0 || !['allDone'].includes(reasons[0]), 'a task was lost');
        assert.ok(reasons[0] !== 'tooManyFailed' || counts.failed > state.toleratedFailures);
        assert.ok(reasons[0] !== 'allDone' || counts.failed <= state.toleratedFailures);
        for (const task of state.tasks) {
          assert.ok(
            task.attempts.length <= options.maxAttempts + memorySizesMiB.length - 1 + (options.speculate ? 1 : 0),
          );
          assert.ok(task.failures <= options.maxAttempts);
          assert.equal(task.state === 'done', task.winner !== undefined);
        }
        const numAttempts = state.tasks.reduce((sum, task) => sum + task.attempts.length, 0);
        assert.equal(asked.size, numAttempts);
        const started = state.tasks.filter((task) => task.attempts.length > 0).length;
        assert.equal(counts.attempts, started + counts.retried + counts.speculative);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});
