import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRetryable } from '../../../lib/errors.ts';
import { parseFailure } from '../../../lib/fanout/error-class.ts';

// messages as they come back from a chained invoke: ours with the error's name in front, the platform's as they are
const FAILURES: [message: string, name: string, retryable: boolean][] = [
  ['InputError: the labels have one class only', 'InputError', false],
  ['FormatError: partition k: version 3, this build reads 1', 'FormatError', false],
  ['InsufficientStorage: no space left on the disk', 'InsufficientStorage', true],
  ['TimeoutError: socket hang up', 'TimeoutError', true],
  ['2026-11-23T18:00:00.000Z 1f Task timed out after 300.00 seconds', 'TimeoutError', true],
  ['RequestId: 1f Error: Task timed out after 300.00 seconds', 'TimeoutError', true],
  ['RequestId: 1f Error: Runtime exited with error: signal: killed', 'CrashError', true],
  ['Rate exceeded', 'ThrottledError', true],
  ['', 'CrashError', true],
];
for (const [message, name, retryable] of FAILURES) {
  test(`a failure is told apart: ${message || 'no message'}`, () => {
    const failure = parseFailure(message);
    assert.equal(failure.name, name);
    assert.equal(isRetryable(failure.name), retryable);
    assert.ok(message.endsWith(failure.message));
  });
}
