// The table of parameters: what follows from one entry.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Command } from 'commander';
import {
  callOptions,
  PARAMETERS,
  RUN_DEFAULTS,
  type SearchedName,
  TABLE_NAMES,
} from '../../../lib/plan/parameters/table.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import { repeatCommand } from '../../../lib/report/command.ts';
import { addRunOptions, givenParams } from '../../../local/commands/run-options.ts';
import { toFlag, toKebab } from '../../../local/output/flags.ts';

const own = TABLE_NAMES.filter((name) => PARAMETERS[name].option === undefined);
const docs = readFileSync('docs/options.md', 'utf8');

function optionsOf(): Command {
  const command = new Command('run').exitOverride();
  addRunOptions(command);
  return command;
}

for (const name of own) {
  const { help, helpOn, value, isOnByDefault } = PARAMETERS[name];

  test(`${name}: its option is in the help text and in the docs, with its field`, () => {
    const long = `--${isOnByDefault ? 'no-' : ''}${toKebab(name)}`;
    const option = optionsOf().options.find((one) => one.long === long);
    assert.ok(option?.description.startsWith(help), option?.description);
    assert.ok(docs.includes(`| \`${long}${value ? ` <${value}>` : ''}\` | \`${name}\` | ${help}`), long);
    if (helpOn) assert.ok(docs.includes(`| \`${toFlag(name)}\` | \`${name}\` | ${helpOn} |`));
  });

  test(`${name}: a wrong value is refused by the name of the flag`, () => {
    const wrong = value === undefined ? 'maybe' : {};
    const message = new RegExp(`^${toFlag(name)} must be `);
    assert.throws(() => parseRunParams({ [name]: wrong }, toFlag), { name: 'InputError', message });
  });
}

test('a switch, a number, a list and null of the command line are values of the field, and the command says them again', () => {
  const words = [
    '--no-shuffle',
    '--trees',
    '7',
    '--max-samples',
    'all',
    '--class-weight',
    '0:1,1:5',
    '--max-depth',
    '3',
  ];
  const command = optionsOf().parse(words, { from: 'user' });
  const given = givenParams(command);
  assert.deepEqual(given, { shuffle: false, trees: 7, maxSamples: null, classWeight: { 0: 1, 1: 5 }, maxDepth: 3 });
  assert.equal(
    repeatCommand(parseRunParams(given)),
    'npm run arvoredo -- run --no-shuffle --trees 7 --max-depth 3 --class-weight 0:1,1:5',
  );
});

test('the defaults are the reference job', () => {
  const { samples, features, chunkSize, trees, testSize, workers, seed } = RUN_DEFAULTS;
  const job = { samples, features, chunkSize, trees, testSize, workers, seed };
  const expected = {
    samples: 100_000,
    features: 20,
    chunkSize: 10_000,
    trees: 100,
    testSize: 0.1,
    workers: 4,
    seed: 0,
  };
  assert.deepEqual(job, expected);
});

test("options of the client's calls are parameters, some under scikit-learn's names", () => {
  assert.deepEqual(
    callOptions('makeRegression').filter(([option, name]) => option !== name),
    [['shuffle', 'shuffleSamples']],
  );
  assert.deepEqual(
    callOptions('fit').map(([option]) => option),
    ['folds', 'engine', 'strategy', 'workers', 'deadline'],
  );
});

/** A value other than the default of each parameter that a search may vary; the compiler requires all. */
const OTHER_VALUES: Record<SearchedName, unknown> = {
  trees: 7,
  maxFeatures: 3,
  maxDepth: 4,
  minSamplesSplit: 5,
  minSamplesLeaf: 3,
  minWeightFractionLeaf: 0.1,
  maxLeafNodes: 9,
  criterion: 'entropy',
  minImpurityDecrease: 0.1,
  bootstrap: false,
  maxSamples: 0.5,
  classWeight: 'balanced',
  ccpAlpha: 0.01,
  monotonicConstraints: { 0: 1 },
  extraTrees: true,
};

for (const [name, value] of Object.entries(OTHER_VALUES)) {
  test(`${name}: a value other than the default changes the forest of the plan`, () => {
    const { forest } = planRun(parseRunParams({ [name]: value }));
    assert.notDeepEqual(forest, planRun(parseRunParams({})).forest);
  });
}
