import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { PARAM_NAMES, parseRunParams, readGiven } from '../../../lib/plan/params.ts';
import { checkParams } from '../../../local/commands/checks.ts';
import { addRunOptions, givenParams } from '../../../local/commands/run-options.ts';
import { toFlag } from '../../../local/output/flags.ts';

function parse(...args: string[]): Record<string, unknown> {
  const command = new Command('run').exitOverride();
  addRunOptions(command);
  command.parse(args, { from: 'user' });
  return givenParams(command);
}

test('every parameter of a run is an option with a help text', () => {
  const command = new Command('run');
  addRunOptions(command);
  const flags = command.options.map(({ long }) => long);
  // beside --data, --features and --weights name columns
  const otherwise = { columns: 'features', weightColumn: 'weights' } as Record<string, string>;
  // a search has options of its own
  for (const param of PARAM_NAMES.filter((name) => name !== 'search')) {
    const name = otherwise[param] ?? param;
    assert.ok(flags.includes(toFlag(name)) || flags.includes(toFlag(name).replace('--', '--no-')), name);
  }
  assert.ok(command.options.every(({ description }) => description.length > 0));
});

test('options of data become parameters that a run takes', () => {
  const given = parse(
    ...['--data', 'a.csv', '--data', 'b/*.csv', '--label', '3', '--features', 'x, y,7', '--weights', 'w'],
    ...['--drop', 'u', '--categorical', 'y', '--skip-rows', '2', '--no-header', '--chunk-bytes', '1e6'],
  );
  const { data, label, columns, weightColumn, drop, categorical, skipRows, header, chunkBytes } = parseRunParams(
    readGiven(given, toFlag),
  );
  assert.deepEqual(data, ['a.csv', 'b/*.csv']);
  assert.deepEqual([label, columns, weightColumn, drop], ['3', ['x', 'y', '7'], 'w', ['u']]);
  assert.deepEqual([categorical, skipRows, header, chunkBytes], [['y'], 2, false, 1_000_000]);
  assert.deepEqual(parse('--data', 'a', '--features', '3').features, 3);
  assert.deepEqual(readGiven({ data: ['a'], label: 0, features: 3 }), { data: ['a'], label: '0', columns: ['3'] });
  assert.throws(() => readGiven(parse('--data', 'a', '--label', 'y', '--chunk-size', '5'), toFlag), {
    name: 'InputError',
    message: '--chunk-size cannot be combined with --data',
  });
  assert.throws(() => readGiven({ drop: ['a'] }), {
    name: 'InputError',
    message: 'drop requires data',
  });
});

test('options of the forest become parameters that a run takes', () => {
  const cases: [string, unknown][] = [
    ['--criterion entropy', { criterion: 'entropy' }],
    ['--max-leaf-nodes 9', { maxLeafNodes: 9 }],
    ['--max-leaf-nodes none', { maxLeafNodes: null }],
    ['--min-samples-split 0.1', { minSamplesSplit: 0.1 }],
    ['--min-weight-fraction-leaf 0.1', { minWeightFractionLeaf: 0.1 }],
    ['--min-impurity-decrease 1e-3', { minImpurityDecrease: 0.001 }],
    ['--max-samples 0.5', { maxSamples: 0.5 }],
    ['--max-samples all', { maxSamples: null }],
    ['--ccp-alpha 0.01', { ccpAlpha: 0.01 }],
    ['--class-weight balanced', { classWeight: 'balanced' }],
    ['--class-weight 1,5', { classWeight: [1, 5] }],
    ['--class-weight 1:5', { classWeight: { 1: 5 } }],
    ['--class-weight none', { classWeight: null }],
    ['--monotonic-constraints 0:1,3:-1', { monotonicConstraints: { 0: 1, 3: -1 } }],
    ['--monotonic-constraints -1,0,1', { monotonicConstraints: [-1, 0, 1] }],
    ['--extra-trees', { extraTrees: true }],
    ['--extra-trees --bootstrap --oob-score', { extraTrees: true, bootstrap: true, oobScore: true }],
    ['--no-bootstrap', { bootstrap: false }],
    ['', {}],
  ];
  for (const [args, expected] of cases) {
    const given = parse(...args.split(' ').filter(Boolean));
    assert.deepEqual(given, expected, args);
    assert.ok(parseRunParams(given));
  }
});

test('what is no number goes on as text, to be refused in the words of the command line', () => {
  for (const [args, message] of [
    ['--class-weight a:5', /--class-weight must be .* got \{"a":5\}/],
    ['--class-weight 1:', /--class-weight must be .* got "1:"/],
    ['--monotonic-constraints up', /--monotonic-constraints must be .* got "up"/],
    ['--max-samples half', /--max-samples must be .* got "half"/],
  ] as const) {
    assert.throws(() => parseRunParams(parse(...args.split(' ')), toFlag), { name: 'InputError', message });
  }
});

test('what is wrong is told with the words that the command line takes', () => {
  for (const [args, message] of [
    ['--max-samples 0', /^--max-samples must be .* or all, got 0$/],
    ['--max-leaf-nodes 1', /^--max-leaf-nodes must be an integer ≥ 2, or none, got 1$/],
    ['--max-features 25', /^--max-features must be sqrt, log2, all, .* from 1 to 20, got 25$/],
    ['--max-features 1.0', /^--max-features must be .*, got "1.0"$/],
    ['--monotonic-constraints 0:1,0:-1', /^--monotonic-constraints must be .* got "0:1,0:-1"$/],
    ['--class-weight 1:2,1:3', /^--class-weight must be .* got "1:2,1:3"$/],
  ] as const) {
    assert.throws(() => checkParams(parse(...args.split(' '))), { name: 'InputError', message });
  }
});
