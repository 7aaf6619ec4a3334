import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { RUN_DEFAULTS } from '../../../lib/plan/parameters/table.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { checkRunId } from '../../../lib/store/keys.ts';

const parse = (input: unknown) => planRun(parseRunParams(input));

test('nothing given means the defaults, and so does an explicit undefined', () => {
  assert.deepEqual(parseRunParams({ trees: undefined }), { ...RUN_DEFAULTS, maxFeatures: 'sqrt' });
  assert.equal(parseRunParams({ engine: 'ml-random-forest' }).maxFeatures, 'all');
});

const REFUSED: [input: unknown, message: RegExp][] = [
  [{ tree: 5 }, /unknown parameter "tree"; known are data, label, /],
  [[], /parameters must be an object/],
  [{ samples: -5 }, /samples must be an integer from 1 to 4294967295, got -5/],
  [{ samples: 0 }, /samples must be/],
  [{ trees: 0 }, /trees must be an integer from 1 to 100000, got 0/],
  [{ trees: 1.5 }, /trees must be .* got 1.5/],
  [{ chunkSize: -1 }, /chunkSize must be/],
  [{ workers: 0 }, /workers must be/],
  [{ flipY: Number.NaN }, /flipY must be a share from 0 to 1, got NaN/],
  [{ classSep: Number.POSITIVE_INFINITY }, /classSep must be .* got Infinity/],
  [{ samples: Number.NaN }, /samples must be .* got NaN/],
  [{ samples: '5000' }, /samples must be .* got "5000"/],
  [{ seed: null }, /seed must be .* got null/],
  [{ seed: 2 ** 53 }, /seed must be/],
  [{ informative: 21 }, /informative must be .*20/],
  [{ informative: 10, redundant: 11 }, /informative \+ redundant \+ repeated must be at most features \(20\), got 21/],
  [{ classes: 1 }, /classes must be an integer from 2/],
  [{ classes: 5 }, /must be at most 2\^informative \(4\), got 10/],
  [{ testSize: 0 }, /testSize must be/],
  [{ testSize: 1.5 }, /testSize must be a share in \(0, 1\) or an integer ≥ 1, got 1.5/],
  [{ testSize: 100_000 }, /leaves the training side empty/],
  [{ samples: 3, testSize: 0.1 }, /leaves the test side empty/],
  [{ samples: 1 }, /side empty/],
  [{ generator: 'blobs' }, /generator must be hypercube, logistic, regression or friedman1, got "blobs"/],
  [{ generator: 'logistic', flipY: 0.1 }, /flipY does not apply to the generator logistic/],
  [{ withReplacement: true }, /withReplacement does not apply to the generator hypercube/],
  [{ maxFeatures: 21 }, /maxFeatures must be/],
  [{ maxFeatures: 'auto' }, /maxFeatures must be/],
  [
    { criterion: 'squared_error' },
    /criterion must be gini, entropy or log_loss for the task classification, got squared_error/,
  ],
  [{ minSamplesSplit: 1 }, /minSamplesSplit must be an integer ≥ 2 or a share in \(0, 1\), got 1/],
  [{ minSamplesLeaf: 1.5 }, /minSamplesLeaf must be .* got 1.5/],
  [{ maxLeafNodes: 1 }, /maxLeafNodes must be an integer ≥ 2, or null for none, got 1/],
  [{ minWeightFractionLeaf: 0.6 }, /minWeightFractionLeaf must be a share from 0 to 0.5, got 0.6/],
  [{ minImpurityDecrease: -1 }, /minImpurityDecrease must be a number ≥ 0, got -1/],
  [{ ccpAlpha: null }, /ccpAlpha must be a number ≥ 0, got null/],
  [{ maxSamples: 1.5 }, /maxSamples must be .* got 1.5/],
  [{ maxSamples: 10, bootstrap: false }, /maxSamples needs bootstrap/],
  [{ classWeight: 'even' }, /classWeight must be balanced, balanced_subsample, .* got "even"/],
  [{ classWeight: [1] }, /classWeight must be .* 2 numbers ≥ 0, got \[1\]/],
  [{ classWeight: { 2: 1 } }, /classWeight must be given for numbers from 0 to 1, got one for 2/],
  [{ classWeight: { a: 1 } }, /classWeight must be .* got \{"a":1\}/],
  [{ classWeight: [1, -1] }, /classWeight must be .* 2 numbers ≥ 0/],
  [{ monotonicConstraints: { 20: 1 } }, /monotonicConstraints must be given for numbers from 0 to 19, got one for 20/],
  [{ monotonicConstraints: [1] }, /monotonicConstraints must be null, or -1, 0 or 1 for each feature, 20 in all, got/],
  [
    { monotonicConstraints: { 3: 1 }, classes: 3, clustersPerClass: 1 },
    /monotonicConstraints support at most 2 classes, got 3/,
  ],
  [{ oobScore: true, bootstrap: false }, /oobScore requires bootstrap/],
  [{ oobScore: true, extraTrees: true }, /oobScore requires bootstrap/],
  [{ extraTrees: 1 }, /extraTrees must be true or false, got 1/],
  [{ exact: true }, /unknown parameter "exact"/],
  [{ samples: 500, engine: 'ml-random-forest', minSamplesLeaf: 3 }, /minSamplesLeaf must be 1 for the engine/],
  [{ samples: 500, engine: 'ml-random-forest', classWeight: 'balanced' }, /engine does not support classWeight/],
  [{ samples: 500, engine: 'ml-random-forest', extraTrees: true }, /engine does not support extraTrees/],
];
for (const [input, message] of REFUSED) {
  test(`refused: ${JSON.stringify(input, (_, value) => (Number.isFinite(value) || typeof value !== 'number' ? value : String(value)))}`, () => {
    assert.throws(
      () => parse(input),
      (error) => error instanceof InputError && message.test(error.message),
    );
  });
}

test('every parameter reaches the data, the split or the forest', () => {
  const { dataset, forest } = parse({
    classSep: 2,
    shift: null,
    shuffleSamples: false,
    maxDepth: 3,
    maxFeatures: 'all',
  });
  assert.deepEqual(dataset, {
    generator: 'hypercube',
    samples: 100_000,
    features: 20,
    seed: 0,
    classSep: 2,
    shift: null,
    shuffle: false,
  });
  assert.deepEqual([forest.maxDepth, forest.maxFeatures, forest.numTrees], [3, null, 100]);
});

test('every option of the forest reaches it, and lists may be given in part', () => {
  const options = {
    criterion: 'entropy',
    maxLeafNodes: 9,
    minSamplesSplit: 0.1,
    minSamplesLeaf: 0.01,
    minWeightFractionLeaf: 0.05,
    minImpurityDecrease: 0.001,
    maxSamples: 0.5,
    ccpAlpha: 0.01,
  } as const;
  const { forest } = parse({ ...options, classWeight: { 1: 5 }, monotonicConstraints: { 0: 1, 3: -1 }, features: 5 });
  assert.deepEqual(forest, { ...forest, ...options, classWeight: [1, 5], monotonicConstraints: [1, 0, 0, -1, 0] });
  for (const classWeight of ['balanced', 'balanced_subsample', [2, 3]]) {
    assert.deepEqual(parse({ classWeight }).forest.classWeight, classWeight);
  }
});

test('extra-trees see every row unless bootstrap is asked for', () => {
  const shape = (input: object) => {
    const { splitter, bootstrap } = parse(input).forest;
    return [splitter, bootstrap];
  };
  assert.deepEqual(shape({}), ['best', true]);
  assert.deepEqual(shape({ extraTrees: true }), ['random', false]);
  assert.deepEqual(shape({ extraTrees: true, bootstrap: true, oobScore: true }), ['random', true]);
});

test('a run that was asked for before an option was there goes on without it', () => {
  const { classWeight, monotonicConstraints, criterion, extraTrees, oobScore, maxSamples, ...before } = parseRunParams(
    {},
  );
  assert.equal(planRun(before as ReturnType<typeof parseRunParams>).forest.classWeight, null);
});

test('the trees of a plan are dealt out once each, whatever the workers', () => {
  for (const [trees, workers] of [
    [100, 4],
    [1, 8],
    [7, 3],
    [1000, 4],
    [100, 1000],
  ] as const) {
    const { treeGroups } = parse({ trees, workers, strategy: 'trees' });
    assert.deepEqual(
      treeGroups.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i)),
      Array.from({ length: trees }, (_, i) => i),
    );
  }
  assert.equal(parse({ strategy: 'gather' }).treeGroups.length, 1);
});

test('the forecast knows how many features a node tries', () => {
  const { growSeconds } = parse({});
  assert.ok(parse({ maxFeatures: 'all' }).growSeconds >= 4 * growSeconds);
  assert.ok(parse({ maxFeatures: 0.5 }).growSeconds > 2 * growSeconds);
});

test('the plan counts the out-of-bag score', () => {
  assert.ok(parse({ oobScore: true }).growSeconds > 1.3 * parse({}).growSeconds);
});

test('auto gathers what is quickly grown, and says why', () => {
  const small = parse({ samples: 1000 });
  assert.deepEqual([small.strategy, /not worth a fan-out/.test(small.strategyReason)], ['gather', true]);
  assert.equal(parse({ samples: 1_000_000 }).strategy, 'trees');
});

test('a run id that is no plain name is refused', () => {
  for (const runId of ['', '../x', 'a/b', '.', '-a', 'a b', 'ä', 'x'.repeat(60)])
    assert.throws(() => checkRunId(runId), InputError);
  assert.equal(checkRunId('Run_1-b'), 'Run_1-b');
});
