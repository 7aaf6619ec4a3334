import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../../lib/base/random.ts';
import { growForestInThreads } from '../../../../lib/forest/grow-forest.ts';
import { encodeTrees } from '../../../../lib/forest/model-file.ts';
import { FOREST_DEFAULTS, type ForestParams } from '../../../../lib/forest/params.ts';
import { kernelModule } from '../../../../lib/forest/wasm/compile.ts';
import { growTableInThreads } from '../../../../lib/forest/wasm/grow-in-threads.ts';
import { planLayout } from '../../../../lib/forest/wasm/layout.ts';
import { growTwin, randomTable, type Table, toRequest } from '../tables.ts';

async function assertLikeTwin(table: Table, options: Partial<ForestParams>, numThreads = 1): Promise<void> {
  const params = { ...FOREST_DEFAULTS, ...options };
  const trees = await growTableInThreads({ ...toRequest(table, params, [3, 6]), numThreads });
  assert.deepEqual(trees, growTwin(table, params, [3, 6]));
}

test('the kernel is available, so that the next tests compare it with its twin', () => {
  assert.ok(kernelModule());
});

test("the kernel grows its twin's trees on 600 random tables of any shape and options", async () => {
  for (let seed = 0; seed < 600; seed++) {
    const random = new RandomStream(seed, 3);
    const pick = <T>(...values: T[]): T => values[random.nextBelow(values.length)];
    const numRows = pick(1, 2, 3, 10, 30, 100, 250, 1000, 3000);
    const numFeatures = pick(1, 2, 3, 4, 5, 9, 20, 33, 70);
    const table = randomTable(seed, numRows, numFeatures, pick(1, 2, 2, 2, 3, 4, 5, 8, 9, 10, 17));
    await assertLikeTwin(table, {
      seed,
      maxFeatures: pick<ForestParams['maxFeatures']>('sqrt', 'sqrt', 'log2', null, 1, 0.3),
      maxDepth: pick(null, null, 1, 3),
      minSamplesSplit: pick(2, 2, 5),
      minSamplesLeaf: pick(1, 1, 1, 2, 7),
      bootstrap: pick(true, true, false),
    });
  }
});

test("the kernel grows its twin's trees on tables of many rows, features and classes", async () => {
  // a cell of two classes counts up to 65,535 samples
  for (const numRows of [65_535, 65_536, 70_000]) {
    await assertLikeTwin(randomTable(numRows, numRows, 5, 2), { maxDepth: 4, bootstrap: false });
  }
  for (const numClasses of [3, 10]) {
    await assertLikeTwin(randomTable(70_000, 70_000, 5, numClasses), { maxDepth: 4, bootstrap: false });
  }
  await assertLikeTwin(randomTable(2, 70_000, 6, 2), {});
  // up to 16 classes have cells in nodes of more than 64 rows a class
  for (const numClasses of [1, 3, 7, 8, 9, 16, 17, 200]) {
    await assertLikeTwin(randomTable(numClasses, 20_000, 6, numClasses), {});
  }
  await assertLikeTwin(randomTable(4, 20_000, 6, 4), { minSamplesLeaf: 5 });
  await assertLikeTwin(randomTable(5, 400, 1000, 2), {});
  await assertLikeTwin(randomTable(6, 400, 1000, 3), {});
  await assertLikeTwin(randomTable(7, 3000, 6, 1000), {});
});

test("the kernel grows its twin's trees where rows are copied three times", async () => {
  const numRows = 130_000; // enough for three levels of copies of rows this wide
  const columns = Array.from({ length: 260 }, (_, feature) =>
    Uint8Array.from({ length: numRows }, (_, row) => (Math.imul(row ^ (feature << 20), 0x9e3779b1) >>> 24) % 255),
  );
  const labels = Uint16Array.from(columns[0], (code, row) => (code + columns[9][row] > 200 + (row % 90) ? 1 : 0));
  const edges = columns.map(() => Float32Array.from({ length: 254 }, (_, i) => i));
  const rows = { numRows, rowIndex: new Uint32Array(0), columns, labels };
  const table = { rows, edges, numClasses: 2 };
  const copies = planLayout(
    { numRows, numFeatures: 260, numClasses: 2 },
    { ...FOREST_DEFAULTS, maxFeatures: 24 },
    1,
    1,
  );
  assert.equal(copies.threads[0].copyLevels.length, 3);
  await assertLikeTwin(table, { maxFeatures: 24, maxDepth: 12 });
});

test('a forest is the same bytes from 1 thread, from 2 and from 5', async () => {
  for (const numClasses of [2, 3]) {
    const table = randomTable(8, 2000, 8, numClasses);
    const grow = (numThreads: number) =>
      growTableInThreads({ ...toRequest(table, FOREST_DEFAULTS, [0, 40]), numThreads });
    const alone = encodeTrees(await grow(1));
    assert.deepEqual(encodeTrees(await grow(2)), alone);
    assert.deepEqual(encodeTrees(await grow(5)), alone);
    assert.deepEqual(encodeTrees(growTwin(table, FOREST_DEFAULTS, [0, 40])), alone);
  }
});

test('labels out of range and an invalid number of threads are rejected', async () => {
  const table = randomTable(9, 10, 3, 2);
  const labels = new Uint16Array(10).fill(2);
  await assert.rejects(
    growForestInThreads(toRequest({ ...table, rows: { ...table.rows, labels } }, FOREST_DEFAULTS, [0, 1])),
    {
      name: 'InputError',
      message: 'row 0: label must be from 0 to 1, got 2',
    },
  );
  for (const numThreads of [0, 1.5, 257]) {
    await assert.rejects(growTableInThreads({ ...toRequest(table, FOREST_DEFAULTS, [0, 1]), numThreads }), {
      name: 'InputError',
      message: `numThreads must be an integer from 1 to 256, got ${numThreads}`,
    });
  }
});
