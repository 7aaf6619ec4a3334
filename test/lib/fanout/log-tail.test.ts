import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseFailure } from '../../../lib/fanout/error-class.ts';
import { keepFailed, thin } from '../../../lib/fanout/history-limits.ts';
import { logLocation, withLog } from '../../../lib/fanout/log-tail.ts';
import type { FailedTask } from '../../../lib/fanout/summary.ts';

suite('the end of a log', () => {
  test('it travels behind the message, and is parted from it', () => {
    const told = withLog('InputError: no such column', 'one\ntwo\n');
    assert.deepEqual(parseFailure(told), { name: 'InputError', message: 'no such column', log: 'one\ntwo' });
    assert.deepEqual(parseFailure('InputError: no such column'), { name: 'InputError', message: 'no such column' });
    assert.equal(withLog('InputError: x', ' \n'), 'InputError: x');
  });

  test('only the last 4 KB, in whole characters', () => {
    const { log } = parseFailure(withLog('InputError: x', `lost${'é'.repeat(3000)}.`));
    assert.equal(log, `${'é'.repeat(2047)}.`);
  });

  test('of an attempt that was killed, the place is told', () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    for (const message of [
      `RequestId: ${id} Error: Runtime exited with error: signal: killed`,
      `2026-11-24T10:00:00.000Z ${id} Task timed out after 3.00 seconds`,
    ])
      assert.match(logLocation('train', message), new RegExp(`see the log group of function train, request ${id}$`));
    assert.match(logLocation('train', 'Rate Exceeded.'), /see the log group of function train$/);
  });
});

suite('what is told on', () => {
  const failed = (log: string): FailedTask => {
    const error = { name: 'CrashError', message: 'm', log };
    return { taskId: 't', attempts: 1, error, errors: [error, null] };
  };

  test('logs are left out before tasks are, and those that are kept fit', () => {
    const tasks = [failed('x'.repeat(500)), failed('y'.repeat(500)), failed('z'.repeat(500))];
    const kept = keepFailed(tasks, 1400);
    assert.deepEqual(
      kept.map(({ error }) => error.log?.[0]),
      ['x', undefined, undefined],
    );
    assert.ok(JSON.stringify(kept).length <= 1400);
    assert.equal(keepFailed(tasks, 250).length, 2);
    assert.deepEqual(keepFailed(tasks, 10), []);
    assert.deepEqual(keepFailed(tasks, 1e6), tasks);
  });

  test('of many, every so manieth', () => {
    const items = Array.from({ length: 10 }, (_, i) => i);
    assert.deepEqual([thin(items, 4), thin(items, 10), thin([], 1)], [[0, 3, 6, 9], items, []]);
  });
});
