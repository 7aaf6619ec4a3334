import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { halvingRounds } from '../../../../lib/plan/search/halving.ts';
import { HALVING_DEFAULTS, type Halving } from '../../../../lib/plan/search/spec.ts';

interface Table {
  numRows: number;
  numCandidates: number;
  options: {
    factor: number;
    min_resources?: Halving['minResources'];
    max_resources?: number;
    aggressive_elimination?: boolean;
  };
  n_candidates: number[];
  n_resources: number[];
}

const NUM_FOLDS = 3;
// bench/reference/halving.py says how they were made
const tables: Table[] = JSON.parse(readFileSync('test/fixtures/search/halving.json', 'utf8'));

function roundsOf({ numRows, numCandidates, options }: Pick<Table, 'numRows' | 'numCandidates' | 'options'>) {
  const { factor, min_resources, max_resources, aggressive_elimination = false } = options;
  const isRows = max_resources === undefined;
  const halving: Halving = {
    factor,
    resource: isRows ? 'rows' : 'trees',
    minResources: min_resources ?? 'exhaust',
    maxResources: null,
    aggressiveElimination: aggressive_elimination,
  };
  const smallest = isRows ? 2 * 2 * NUM_FOLDS : 1;
  const rounds = halvingRounds(numCandidates, halving, {
    smallest,
    smallestReason: '',
    most: max_resources ?? numRows,
  });
  return {
    n_candidates: rounds.map(({ numCandidates }) => numCandidates),
    n_resources: rounds.map(({ resources }) => resources),
  };
}

test('the rounds are those of scikit-learn, for 313 searches', () => {
  assert.equal(tables.length, 313);
  for (const table of tables) {
    const { n_candidates, n_resources } = table;
    assert.deepEqual(roundsOf(table), { n_candidates, n_resources }, JSON.stringify(table));
  }
});

test('243 candidates by factor 3 are halved down to one: scikit-learn stops at three, by rounding', () => {
  const search = { numRows: 100_000, numCandidates: 243, options: { factor: 3 } }; // log(243, 3) is 4.999999999999999
  assert.deepEqual(roundsOf(search).n_candidates, [243, 81, 27, 9, 3, 1]);
});

test('a first round with more than the last may have is refused, and so is more than there is', () => {
  const resources = { smallest: 20, smallestReason: 'two of each of 2 classes in each of 5 folds', most: 15 };
  assert.throws(() => halvingRounds(4, HALVING_DEFAULTS, resources), {
    name: 'InputError',
    message:
      'minResources: the first round would have 20 rows (two of each of 2 classes in each of 5 folds), the last has 15; use more rows, or no halving',
  });
  assert.throws(() => halvingRounds(4, { ...HALVING_DEFAULTS, maxResources: 16 }, resources), {
    name: 'InputError',
    message: 'maxResources must be at most the 15 rows of the run, got 16',
  });
});
