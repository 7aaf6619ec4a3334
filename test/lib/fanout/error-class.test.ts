import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FormatError, InputError, isRetryable, NotFoundError, TaskFailedError } from '../../../lib/base/errors.ts';
import {
  classify,
  type ErrorClass,
  encodeFailure,
  parseFailure,
  parseRootFailure,
  restoreError,
} from '../../../lib/fanout/error-class.ts';

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
  ['RangeError: Array buffer allocation failed', 'OutOfMemoryError', true],
  ['RangeError: WebAssembly.Memory(): could not allocate memory', 'OutOfMemoryError', true],
  ['Error: Worker terminated due to reaching memory limit: JS heap out of memory', 'OutOfMemoryError', true],
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

const CLASSES: [name: string, message: string, errorClass: ErrorClass][] = [
  ['ThrottledError', 'Rate exceeded', 'retry'],
  ['TimeoutError', 'Task timed out after 3.00 seconds', 'retry'],
  ['SlowDown', 'Please reduce your request rate.', 'retry'],
  ['ServiceUnavailable', '', 'retry'],
  ['CrashError', 'Runtime exited with error: exit status 1', 'retry'],
  ['CrashError', 'Runtime exited with error: signal: killed', 'killed'],
  ['OutOfMemoryError', 'Runtime exited with error: signal: killed', 'memory'],
  ['InputError', 'no such column', 'final'],
  ['FormatError', 'partition k: version 3', 'final'],
  ['NotStartedError', '', 'final'],
  ['NotFoundError', 'Function not found: f', 'final'],
  ['TypeError', 'x is not a function', 'final'],
  ['TypeError', 'fetch failed', 'retry'],
  ['CancelledError', 'run r was cancelled', 'aborted'],
];
for (const [name, message, errorClass] of CLASSES) {
  test(`${name} ${message} is of the class ${errorClass}`, () => assert.equal(classify({ name, message }), errorClass));
}

test("the platform's type of an error says more than its message", () => {
  const message = 'RequestId: 1f Error: Runtime exited with error: signal: killed';
  assert.equal(parseFailure(message, 'Runtime.OutOfMemory').name, 'OutOfMemoryError');
  assert.equal(parseFailure(message, 'Runtime.ExitError').name, 'CrashError');
  assert.equal(parseFailure('no such column', 'InputError').name, 'InputError');
  assert.equal(parseFailure('it broke', 'Error').name, 'CrashError');
  assert.equal(parseFailure('Function not found: f', 'ResourceNotFoundException').name, 'NotFoundError');
  assert.equal(
    parseFailure('FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory').name,
    'OutOfMemoryError',
  );
});

test('an encoded error is decoded with its name, message and log', () => {
  const types = fc.constantFrom(Error, InputError, FormatError, NotFoundError, TypeError);
  // the log is cut to its last 4 KB and loses trailing white space
  const logs = fc.string({ maxLength: 1000 }).filter((log) => log === log.trimEnd());
  fc.assert(
    fc.property(types, fc.string(), logs, (type, message, log) => {
      const expected = { name: new type().name, message, ...(log !== '' && { log }) };
      assert.deepEqual(parseFailure(encodeFailure(new type(message), log)), expected);
    }),
  );
});

test('the root failure of a failed task is that of its last attempt', () => {
  const cause = { name: 'InputError', message: 'bad.csv, row 2: not a number' };
  assert.deepEqual(parseRootFailure(new TaskFailedError('scan-0', 2, cause)), cause);
  const direct = { name: 'InputError', message: 'label "nope" is not a column' };
  assert.deepEqual(parseRootFailure(direct), direct);
  const quoted = { name: 'FormatError', message: 'k: expected "; last: InputError: x"' };
  assert.deepEqual(parseRootFailure(quoted), quoted);
});

test('a recorded error is restored as an InputError if its root is one, or else with its name', () => {
  const task = new TaskFailedError('scan-0', 1, { name: 'InputError', message: 'row 2: not a number' });
  assert.ok(restoreError(task) instanceof InputError);
  assert.equal(restoreError(task).message, task.message);
  const crashed = restoreError(new TaskFailedError('scan-0', 3, { name: 'CrashError', message: 'exit status 1' }));
  assert.deepEqual([crashed instanceof InputError, crashed.name], [false, 'TaskFailedError']);
});
