import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../../lib/base/random.ts';
import { GeneralGrower } from '../../../../lib/forest/general-grow.ts';
import { trainerForTable } from '../../../../lib/forest/grow-forest.ts';
import { FOREST_DEFAULTS, type ForestParams, resolveParams, type Trainer } from '../../../../lib/forest/params.ts';
import type { TrainingTable } from '../../../../lib/forest/training-table.ts';
import { growTableInThreads } from '../../../../lib/forest/wasm/grow-in-threads.ts';
import { flagged, randomValueTable } from '../tables.ts';

async function assertLikeTwin(
  table: TrainingTable,
  options: Partial<ForestParams>,
  numThreads = 1,
  trainer: Trainer = 'values',
): Promise<void> {
  const params = resolveParams(
    { ...FOREST_DEFAULTS, ...options },
    table.numRows,
    table.columns.length,
    table.target.numClasses ?? 0,
  );
  assert.equal(trainerForTable(params, table), trainer);
  const grower = new GeneralGrower(table, params);
  assert.deepEqual(
    await growTableInThreads({ table, params, treeStart: 3, treeEnd: 6, numThreads }),
    [3, 4, 5].map((tree) => grower.grow(tree)),
  );
}

const pick = <T>(random: RandomStream, ...values: T[]): T => values[random.nextBelow(values.length)]!;

const anyOptions = (random: RandomStream): Partial<ForestParams> => ({
  maxFeatures: pick<ForestParams['maxFeatures']>(random, null, null, 'sqrt', 1, 0.3),
  maxDepth: pick(random, null, null, 1, 3),
  minSamplesSplit: pick(random, 2, 2, 5, 0.1),
  minSamplesLeaf: pick(random, 1, 1, 1, 2, 7),
  bootstrap: pick(random, true, true, false),
});

const normal = (random: RandomStream) => random.nextBelow(1e6) / 7 - 7e4;
const kinds: [name: string, makeValue: (random: RandomStream) => number][] = [
  ['of any size', normal],
  ['whole and few', (random) => random.nextBelow(4)],
  ['both zeros', (random) => [0, -0, 0.1][random.nextBelow(3)]],
  ['all equal', () => 0.1],
  ['so large that squares overflow', (random) => (random.nextBelow(9) - 4) * 1e200],
  ['tiny', (random) => random.nextBelow(9) * 5e-324],
];
for (const [name, makeValue] of kinds) {
  test(`regression, values ${name}: the kernel grows the general trainer's trees on 100 tables`, async () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new RandomStream(seed, 3);
      const table = randomValueTable(
        seed,
        pick(random, 1, 2, 3, 10, 30, 100, 255, 256, 1000, 3000),
        pick(random, 1, 2, 3, 4, 9, 20),
        makeValue,
      );
      await assertLikeTwin(table, { seed, ...anyOptions(random) });
    }
  });
}

for (const [name, makeValue] of [...kinds, ['of two classes', normal] as const]) {
  test(`missing values and categories, ${name}: the kernel grows the general trainer's trees on 100 tables`, async () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = new RandomStream(seed, 4);
      const plain = randomValueTable(
        seed,
        pick(random, 1, 2, 3, 10, 30, 100, 255, 256, 1000, 3000),
        pick(random, 1, 2, 3, 4, 9, 20),
        makeValue,
      );
      await assertLikeTwin(flagged(plain, random, name === 'of two classes'), { seed, ...anyOptions(random) });
    }
  });
}

test("with random cuts the kernel grows the general trainer's trees on 300 tables", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new RandomStream(seed, 5);
    const values = randomValueTable(
      seed,
      pick(random, 1, 2, 3, 10, 30, 100, 1000, 3000),
      pick(random, 1, 2, 3, 4, 9, 20),
      normal,
    );
    const numClasses = pick(random, 1, 2, 2, 3, 10, 300);
    const labels = Uint16Array.from(values.target.values, (value) => Math.floor(Math.abs(value)) % numClasses);
    const table = pick<TrainingTable>(random, values, { ...values, target: { labels, numClasses } });
    await assertLikeTwin(table, { seed, ...anyOptions(random), splitter: 'random' }, 1, 'extra');
  }
});

test("for regression the kernel grows the general trainer's trees where rows are copied twice", async () => {
  await assertLikeTwin(randomValueTable(1, 150_000, 60, normal), { maxFeatures: 0.2, maxDepth: 12 });
});

test('several threads grow the trees of one thread', async () => {
  await assertLikeTwin(randomValueTable(2, 5000, 8, normal), { maxFeatures: null, criterion: 'squared_error' }, 3);
});

test('tables and options that the kernel does not support go to the general trainer', () => {
  const table = randomValueTable(3, 100, 3, normal);
  const can = (options: Partial<ForestParams>, changes: Partial<TrainingTable> = {}) =>
    trainerForTable(resolveParams({ ...FOREST_DEFAULTS, ...options }, 100, 3, 0), { ...table, ...changes }) !==
    'general';
  assert.ok(can({}), 'squared error');
  for (const options of [
    { criterion: 'absolute_error' },
    { criterion: 'poisson' },
    { maxLeafNodes: 5 },
    { monotonicConstraints: [1, 0, 0] },
    { maxSamples: 0.5 },
  ] satisfies Partial<ForestParams>[]) {
    assert.equal(can(options), false, JSON.stringify(options));
  }
  assert.equal(can({}, { weights: new Float64Array(100).fill(1) }), false);
  assert.equal(can({}, { columns: table.columns.map((column) => Uint16Array.from(column)) }), false);
  const classes = (numClasses: number, isCategorical?: boolean[]) => {
    const target = { labels: new Uint16Array(100), numClasses };
    return trainerForTable(resolveParams(FOREST_DEFAULTS, 100, 3, numClasses), { ...table, isCategorical, target });
  };
  const flags = [true, false, false];
  assert.deepEqual(
    [classes(2), classes(2, flags), classes(3), classes(3, flags)],
    ['classes', 'values', 'classes', 'general'],
  );
});
