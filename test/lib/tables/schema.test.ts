import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Cell } from '../../../lib/tables/cells.ts';
import { parseDate } from '../../../lib/tables/cells.ts';
import { EMPTY_PROFILE, inferType, mergeProfiles, profileColumn } from '../../../lib/tables/column-profile.ts';
import { chooseColumns } from '../../../lib/tables/columns.ts';
import { featureEncoder, labelEncoder } from '../../../lib/tables/schema.ts';
import { FUZZ_RUNS } from '../../fuzz.ts';

const factsOf = (cells: readonly Cell[], rowStart = 0, maxValues = 255) =>
  profileColumn({ at: (row) => cells[row] }, cells.length, {
    location: { file: 't.csv', rowStart },
    column: 'c',
    maxValues,
  });
const type = (cells: readonly Cell[], isCategorical = false) => inferType(factsOf(cells), 'c', isCategorical);

test('the type of a column follows from all of its cells', () => {
  assert.equal(type([1, null, 2.5]), 'numeric');
  assert.equal(type([null, null]), 'numeric');
  assert.equal(type(['TRUE', 'false', null, true]), 'boolean');
  assert.equal(type(['2026-01-31', '2026-01-31T12:00:00Z', new Date(0)]), 'date');
  assert.equal(type(['2026-01-31', 'soon']), 'categorical');
  assert.equal(type(['a', 'b', 'a']), 'categorical');
  assert.equal(type(Array.from({ length: 60 }, (_, i) => `v${i >> 1}`)), 'categorical');
  assert.equal(type(Array.from({ length: 60 }, (_, i) => `v${i}`)), 'text');
  assert.equal(type(Array.from({ length: 600 }, (_, i) => `v${i >> 1}`)), 'text');
  assert.equal(type(['x'.repeat(300), 'y']), 'text');
  assert.equal(type([1, 2, 1], true), 'categorical');
  assert.equal(type([1, 'x', 'y']), 'categorical');
});

test('a text among numbers is reported with its location', () => {
  assert.throws(() => inferType(factsOf([1, 2, 'n.a.'], 4), 'c', false), {
    name: 'InputError',
    message: /^t\.csv, row 7, column "c": "n\.a\." is not a number, but 2 of 3 values are; correct it/,
  });
});

test('a profile is the same for any grouping of the rows', () => {
  const cell = fc.oneof(fc.constantFrom<Cell>(null, 'a', 'b', 'true', '2026-01-01', false, 1, 2, 2.5), fc.nat(400));
  fc.assert(
    fc.property(
      fc.array(cell, { maxLength: 60 }),
      fc.array(fc.nat(60), { maxLength: 5 }),
      fc.constantFrom(3, 255),
      (cells, at, most) => {
        const cuts = [...new Set([0, ...at.filter((cut) => cut < cells.length), cells.length])].sort((a, b) => a - b);
        const parts = cuts.slice(1).map((end, i) => factsOf(cells.slice(cuts[i], end), cuts[i], most));
        const inOrder = parts.reduce((a, b) => mergeProfiles(a, b, most), EMPTY_PROFILE);
        const fromTheEnd = parts.reduceRight((b, a) => mergeProfiles(a, b, most), EMPTY_PROFILE);
        const whole = factsOf(cells, 0, most);
        assert.deepEqual(inOrder, whole);
        assert.deepEqual(fromTheEnd, whole);
        assert.deepEqual(JSON.parse(JSON.stringify(whole)), whole);
      },
    ),
    { numRuns: FUZZ_RUNS },
  );
});

const column = { name: 'c', column: 0, numMissing: 0, min: null, max: null };

test('features are encoded by their schema; values unknown to training are missing', () => {
  const colour = featureEncoder({ ...column, type: 'categorical', categories: [2, 'green', 'red'] });
  assert.deepEqual(['red', 2, 'blue', '2', null].map(colour), [2, 0, Number.NaN, 0, Number.NaN]);
  const both = featureEncoder({ ...column, type: 'categorical', categories: [2, '2', 'true'] });
  assert.deepEqual([2, '2', true].map(both), [0, 1, 2]);
  const number = featureEncoder({ ...column, type: 'numeric' });
  assert.deepEqual([1.5, null, 'x', true].map(number), [1.5, Number.NaN, Number.NaN, Number.NaN]);
  const truth = featureEncoder({ ...column, type: 'boolean' });
  assert.deepEqual([true, 'False', 'maybe', 1, null].map(truth), [1, 0, Number.NaN, Number.NaN, Number.NaN]);
  const day = featureEncoder({ ...column, type: 'date' });
  assert.deepEqual(['1970-01-02', new Date(43_200_000), 'x', 3].map(day), [1, 0.5, Number.NaN, Number.NaN]);
});

test('labels are encoded by their classes of any type', () => {
  const encoder = (classes: (string | number | boolean)[]) =>
    labelEncoder({ name: 'y', column: 0, classes, classCounts: [] });
  assert.deepEqual(['no', 'yes', 'x', null].map(encoder(['no', 'yes'])), [0, 1, undefined, undefined]);
  assert.deepEqual([3, 1, 2].map(encoder([1, 3])), [1, 0, undefined]);
  assert.deepEqual(['TRUE', false, 'x'].map(encoder([false, true])), [1, 0, undefined]);
  // classes that were numbers and texts are all texts
  assert.deepEqual([3, 'x'].map(encoder(['3', 'x'])), [0, 1]);
});

test('dates are ISO 8601, in UTC by default', () => {
  assert.equal(parseDate('2026-11-24'), Date.UTC(2026, 10, 24));
  assert.equal(parseDate('2024-02-29'), Date.UTC(2024, 1, 29));
  assert.equal(parseDate('2026-11-24 12:30'), Date.UTC(2026, 10, 24, 12, 30));
  assert.equal(parseDate('2026-11-24T12:30:15.5+01:00'), Date.UTC(2026, 10, 24, 11, 30, 15, 500));
  for (const text of [
    '2026-13-01',
    '24.11.2026',
    '2026-11',
    'x2026-11-24',
    '2026-11-24T',
    '2026-02-30',
    '2025-02-29',
    '2026-04-31',
    '',
  ]) {
    assert.equal(parseDate(text), undefined, text);
  }
});

test('columns are found by name, then by number; those without a role are features', () => {
  const names = ['a', '0', 'b', 'c', 'y'];
  const { label, features } = chooseColumns(names, { label: '4', drop: ['0'], weightColumn: 'c' }, 't.csv');
  assert.deepEqual([label, features], [4, [0, 2]]);
  const named = chooseColumns(names, { label: 'y', columns: ['c', '2'], categorical: ['b'] }, 't.csv');
  assert.deepEqual([named.features, named.categorical], [[3, 2], [2]]);
});
