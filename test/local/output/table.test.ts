import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { fitColumns, labelLines, wrap } from '../../../local/output/table.ts';

test('a table goes without the columns that it has no room for, and no more', () => {
  const rows = [
    ['run', 'rows', 'trees', 'USD'],
    ['first', '1,000', '10', '0.01'],
  ];
  const titles = (columns: number) => fitColumns(rows, ['trees', 'rows'], columns)[0];
  assert.deepEqual(titles(Number.POSITIVE_INFINITY), ['run', 'rows', 'trees', 'USD']);
  assert.deepEqual(titles(26), ['run', 'rows', 'trees', 'USD']); // a space, then 5, 5, 5 and 4 with two between
  assert.deepEqual(titles(25), ['run', 'rows', 'USD']);
  assert.deepEqual(titles(1), ['run', 'USD']);
  assert.deepEqual(fitColumns(rows, ['rows'], 1)[1], ['first', '10', '0.01']);
});

test('a text breaks between its parts or its words, and a word never', () => {
  assert.deepEqual(wrap('a 1 · b 2 · c 3', 9), ['a 1 · b 2', 'c 3']);
  assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrap('unbreakable', 3), ['unbreakable']);
  assert.deepEqual(wrap('', 3), ['']);
  const lines = labelLines(
    [
      ['label', 'one two'],
      ['x', 'y'],
    ],
    12,
  );
  assert.deepEqual(lines.map(stripVTControlCharacters), [' label one', '       two', ' x     y']);
});
