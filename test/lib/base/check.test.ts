import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  boolean,
  check,
  checkFields,
  integer,
  integerOrFraction,
  isObject,
  nonEmptyText,
  numberAbove,
  numberFrom,
  oneOf,
  orNull,
  type Rule,
} from '../../../lib/base/check.ts';
import { InputError } from '../../../lib/base/errors.ts';

const RULES: [rule: Rule<unknown>, allowed: string, accepted: unknown[], rejected: unknown[]][] = [
  [integer(1, 100), 'an integer from 1 to 100', [1, 100], [0, 101, 1.5, '1', null, undefined, Number.NaN]],
  [integer(0), 'an integer ≥ 0', [0, 2 ** 53 - 1], [-1, 2 ** 53, Number.POSITIVE_INFINITY]],
  [numberFrom(0, 0.5), 'a number from 0 to 0.5', [0, 0.25, 0.5], [-0.1, 0.6, '0', Number.NaN]],
  [numberFrom(0), 'a number ≥ 0', [0, 1e300], [-1e-9, Number.POSITIVE_INFINITY]],
  [numberAbove(1), 'a number above 1', [1.001], [1, Number.POSITIVE_INFINITY]],
  [numberAbove(0, 1), 'a number above 0 and at most 1', [0.001, 1], [0, 1.001]],
  [integerOrFraction(2), 'an integer ≥ 2 or a fraction in (0, 1)', [2, 0.5], [1, 0, 2.5]],
  [oneOf('all', 'sum', 'none'), 'all, sum or none', ['all', 'none'], ['other', '', 0]],
  [boolean, 'true or false', [true, false], [0, 'true', null]],
  [nonEmptyText, 'a non-empty string', ['a'], ['', 1, null]],
  [orNull(integer(1)), 'an integer ≥ 1, or null', [null, 1], [0, undefined]],
];

for (const [rule, allowed, accepted, rejected] of RULES) {
  test(`a rule accepts ${allowed}, and names it in the error for anything else`, () => {
    for (const value of accepted) assert.equal(check('x', value, rule), value);
    for (const value of rejected) {
      assert.throws(
        () => check('x', value, rule),
        (error) => error instanceof InputError && error.message.startsWith(`x must be ${allowed}, got `),
      );
    }
  });
}

test('the error of a check quotes the received value', () => {
  const messageOf = (value: unknown) => {
    try {
      check('trees', value, integer(1, 100));
    } catch (error) {
      return error instanceof Error && error.message;
    }
  };
  assert.equal(messageOf(0), 'trees must be an integer from 1 to 100, got 0');
  assert.equal(messageOf('0'), 'trees must be an integer from 1 to 100, got "0"');
  assert.equal(messageOf(Number.NaN), 'trees must be an integer from 1 to 100, got NaN');
});

test('fields of an object are checked by name, and undefined ones dropped', () => {
  assert.deepEqual(checkFields('search', { grid: 1, random: undefined }, ['grid', 'random']), { grid: 1 });
  assert.throws(() => checkFields('search', [], ['grid']), { message: 'search must be an object of grid, got []' });
  assert.throws(() => checkFields('search', { girl: 1 }, ['grid']), {
    message: 'search has no "girl"; known are grid',
  });
});

test('lists and null are not objects', () => {
  assert.deepEqual([{}, [], null, 'text', undefined].map(isObject), [true, false, false, false, false]);
});
