import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunParams } from '../../../../lib/plan/params.ts';
import { checkRunnable, planRun } from '../../../../lib/plan/plan-run.ts';

test('a search has its defaults, five folds among them, whatever order it was written in', () => {
  const { search, folds } = parseRunParams({ search: { halving: true, grid: { trees: [1], maxDepth: [null] } } });
  const grid = { maxDepth: [null], trees: [1] };
  const halving = {
    factor: 3,
    resource: 'rows',
    minResources: 'exhaust',
    maxResources: null,
    aggressiveElimination: false,
  };
  assert.equal(JSON.stringify(search), JSON.stringify({ grid, random: null, scoring: 'accuracy', halving }));
  assert.equal(folds, 5);
  assert.equal(parseRunParams({}).folds, undefined);
  // what run.json holds is read again
  assert.deepEqual(parseRunParams({ search }).search, search);
});

const grid = { maxDepth: [2, 3] };
const REFUSED: [search: unknown, message: RegExp, more?: Record<string, unknown>][] = [
  [true, /^search must be an object of grid, random, scoring, halving, got true/],
  [{}, /^grid must have at least one parameter with the values to try, got undefined/],
  [{ grid: {} }, /^grid must have at least one parameter/],
  [{ grid, folds: 3 }, /^search has no "folds"; known are grid, random, scoring, halving/],
  [{ grid: { depth: [1] } }, /^grid: depth cannot be searched; the parameters that can are trees, maxFeatures, /],
  [{ grid: { maxBins: [10, 20] } }, /^grid: maxBins cannot be searched/],
  [{ grid: { __proto__: [1], constructor: [1] } }, /^grid: constructor cannot be searched/],
  [{ grid: { maxDepth: [] } }, /^grid: maxDepth must have from 1 to 1000 values, got 0/],
  [{ grid: { maxDepth: [3, 3] } }, /^grid: maxDepth has 3 twice; list each value once/],
  [{ grid: { maxDepth: 3 } }, /^grid: maxDepth must be a list of values or a range, got 3/],
  [{ grid: { maxDepth: [3, 0] } }, /^maxDepth in grid must be an integer ≥ 1, or null for none, got 0/],
  [{ grid: { criterion: ['gini', 'mse'] } }, /^criterion in grid must be gini, entropy, log_loss.*, got "mse"/],
  [{ grid: { maxDepth: { from: 2, to: 5 } } }, /^grid: maxDepth has a range, which requires random; add it/],
  [{ grid: { maxDepth: { from: 5, to: 5 } }, random: 2 }, /^grid: maxDepth must be a range from a number to a larger/],
  [{ grid: { maxDepth: { from: null, to: 5 } }, random: 2 }, /^grid: maxDepth must be a range from a number/],
  [{ grid: { maxDepth: { from: 0, to: 5 } }, random: 2 }, /^maxDepth in grid must be an integer ≥ 1/],
  [{ grid: { maxDepth: { from: 2, to: 5, step: 2 } }, random: 2 }, /^grid: maxDepth has no "step"; known are from, to/],
  [{ grid: { maxSamples: { from: 0.5, to: 3 } }, random: 2 }, /^grid: maxSamples must be a range of integers or of/],
  [{ grid: { criterion: { from: 1, to: 3 } }, random: 2 }, /^grid: criterion does not take a range/],
  [
    { grid: { ccpAlpha: { from: 0, to: 1, log: true } }, random: 2 },
    /^grid: ccpAlpha: a logarithmic range must start above 0/,
  ],
  [{ grid, random: 0 }, /^random must be an integer from 1 to 1000, got 0/],
  [{ grid, random: 1001 }, /^random must be an integer from 1 to 1000, got 1001/],
  [
    { grid, scoring: 'auc' },
    /^scoring must be accuracy, balanced-accuracy, f1-macro, roc-auc, log-loss, brier, got "auc"/,
  ],
  [{ grid, halving: 3 }, /^halving must be an object of factor, resource, minResources, maxResources, aggressive/],
  [{ grid, halving: { factor: 1 } }, /^factor must be a number above 1, up to 1000, got 1/],
  [{ grid, halving: { resource: 'columns' } }, /^resource must be rows or trees, got "columns"/],
  [{ grid, halving: { minResources: 0 } }, /^minResources must be smallest, exhaust or an integer ≥ 1, got 0/],
  [{ grid, halving: { maxResources: 0.5 } }, /^maxResources must be an integer ≥ 1, or null for all there/],
  [{ grid, halving: { aggressiveElimination: 1 } }, /^aggressiveElimination must be true or false, got 1/],
  [{ grid: { trees: [1, 2] }, halving: { resource: 'trees' } }, /^grid: trees cannot be searched when it is the/],
  // what only the plan knows
  [{ grid, halving: { minResources: 9 } }, /^minResources must be at least 10 rows, two for each fold, got 9/],
  [{ grid, halving: { maxResources: 600 } }, /^maxResources must be at most the 540 rows of the run, got 600/],
  [
    { grid, halving: { resource: 'trees', maxResources: 7 } },
    /^maxResources must be at most the 6 trees of the run, got 7/,
  ],
  [{ grid, halving: true }, /^minResources: the first round would have 20 rows .*, the last has 18/, { samples: 20 }],
  [
    { grid: { maxSamples: [0.5], bootstrap: [true, false] } },
    /^candidate bootstrap false, maxSamples 0.5: maxSamples needs/,
  ],
  [{ grid: { maxFeatures: ['sqrt', 6] } }, /^candidate maxFeatures 6: maxFeatures must be .* from 1 to 5, got 6/],
  [
    { grid: { trees: [5, 100_000] } },
    /^candidate trees 100000: a fold of .* would take about/,
    { samples: 1e6, chunkSize: 1e4 },
  ],
  [
    { grid: { minSamplesLeaf: { from: 1, to: 500 } }, random: 200 },
    /^200 candidates × 100 folds are 20000 fits, at most/,
    { folds: 100 },
  ],
];
for (const [search, message, more] of REFUSED) {
  test(`refused before anything is spent: ${JSON.stringify(search)}${more ? ` with ${JSON.stringify(more)}` : ''}`, () => {
    const input = { samples: 600, chunkSize: 100, features: 5, trees: 6, ...more, search };
    assert.throws(() => planRun(parseRunParams(input)), { name: 'InputError', message });
  });
}

test('a search on data is refused before they are read, where their rows do not matter', () => {
  const on = (more: Record<string, unknown>, grid: unknown = { maxDepth: [2, 3] }) =>
    checkRunnable(parseRunParams({ data: ['s3://tables/t.csv'], label: 'y', search: { grid }, ...more }));
  on({});
  assert.throws(() => on({ group: 'g' }), /a search has random folds, which cannot be combined with group/);
  assert.throws(() => on({ time: 't' }), /cannot be combined with time/);
  const many = Array.from({ length: 40 }, (_, i) => i + 1);
  assert.throws(() => on({}, { trees: many, maxDepth: many }), /the grid has 1600 candidates/);
});
