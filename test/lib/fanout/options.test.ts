import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { backoffMs } from '../../../lib/fanout/backoff.ts';
import { startFanOut, workerFunction } from '../../../lib/fanout/fan-out.ts';
import { FAN_OUT_DEFAULTS, type FanOutOptions, resolveOptions, toCount } from '../../../lib/fanout/options.ts';
import { quantile } from '../../../lib/fanout/summary.ts';
import { memoryEngine } from '../../helpers.ts';

suite('fan-out options', () => {
  test('a share of the tasks is converted in decimal arithmetic', () => {
    const floor = [0.29, 0.57, 0.07].map((share) => toCount(share, 100, Math.floor));
    assert.deepEqual(floor, [29, 57, 7]);
    assert.equal(toCount(0.07, 100, Math.ceil), 7);
    assert.equal(toCount(0.005, 100, Math.floor), 0);
  });

  test('an explicit undefined means the default', () => {
    assert.deepEqual(resolveOptions({ maxInFlight: undefined }), FAN_OUT_DEFAULTS);
  });

  const REFUSED: [options: object, message: RegExp][] = [
    [{ retries: 3 }, /unknown fan-out option "retries"; known are maxInFlight, /],
    [{ maxInFlight: 0 }, /maxInFlight must be an integer ≥ 1, got 0/],
    [{ maxAttempts: 1.5 }, /maxAttempts must be .* got 1.5/],
    [{ backoffMs: -1 }, /backoffMs must be a number ≥ 0, got -1/],
    [{ toleratedFailures: 1.5 }, /toleratedFailures must be an integer ≥ 0 or a fraction in \(0, 1\), got 1.5/],
    [{ minSuccessful: 0 }, /minSuccessful must be an integer ≥ 1 or a fraction in \(0, 1\), or null, got 0/],
    [{ breakerRate: 0 }, /breakerRate must be a number above 0 and at most 1, got 0/],
    [{ stragglerFactor: 1 }, /stragglerFactor must be a number above 1, got 1/],
    [{ deadlineMs: '5' }, /deadlineMs must be a number ≥ 1, or null, got "5"/],
    [{ pollIntervalMs: 10 }, /pollIntervalMs must be a number ≥ 1000, got 10/],
    [{ results: 'none' }, /results must be all or sum, got "none"/],
    [{ maxTasksPerExecution: 1001 }, /maxTasksPerExecution must be an integer from 1 to 1000, got 1001/],
    [{ speculate: 'yes' }, /speculate must be true or false, got "yes"/],
  ];
  for (const [options, message] of REFUSED) {
    test(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => resolveOptions(options as FanOutOptions), { name: 'InputError', message });
      assert.throws(
        () =>
          startFanOut(
            memoryEngine(() => async () => null),
            'f',
            [],
            { worker: workerFunction('f'), ...options },
          ),
        InputError,
      );
    });
  }
});

test('pauses cover their range, and follow from seed, task and attempt', () => {
  const options = { backoffMs: 1000, maxBackoffMs: 30_000, seed: 3 };
  const pauses = Array.from({ length: 200 }, (_, i) => backoffMs(options, `t${i}`, 2));
  assert.ok(Math.min(...pauses) < 550 && Math.max(...pauses) > 1450);
  assert.ok(pauses.every((ms) => ms >= 500 && ms <= 1500));
  assert.deepEqual(
    pauses,
    Array.from({ length: 200 }, (_, i) => backoffMs(options, `t${i}`, 2)),
  );
});

test('quantiles are values that occur', () => {
  assert.deepEqual(
    [quantile([], 0.5), quantile([7], 0.99), quantile([3, 1, 2, 4], 0.5), quantile([1, 2, 3], 0.99)],
    [0, 7, 2, 3],
  );
});
