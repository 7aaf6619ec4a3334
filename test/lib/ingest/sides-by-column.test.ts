import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideSides, sidesBy } from '../../../lib/ingest/sides-by-column.ts';
import { decodeRaw } from '../../../lib/partition/arrow.ts';
import { apportion, assignStratifiedSides, SIDE } from '../../../lib/partition/sides.ts';
import type { ClassReport } from '../../../lib/report/class-report.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import type { Store } from '../../../lib/store/store.ts';
import { FUZZ_RUNS } from '../../fuzz.ts';
import { runInMemory, runOnData } from '../../helpers.ts';

/** Numbers of the test rows, in order. */
async function testRowsOf(store: Store, side = 'test'): Promise<number[]> {
  const keys = await store.list(`runs/r/${side}/`);
  const parts = await Promise.all(keys.map(async (key) => decodeRaw(await store.get(key), key)));
  return parts.flatMap(({ rowIndex }) => [...rowIndex]);
}

const NUM_ROWS = 300;
const text = `x,who,when,part,y\n${Array.from({ length: NUM_ROWS }, (_, i) => {
  const day = new Date(Date.UTC(2026, 0, 1 + ((i * 37) % 100))).toISOString().slice(0, 10);
  return `${i},user ${i % 23},${day},${i % 10 === 3 ? 'Test' : 'train'},${i % 3 === 0 ? 'a' : 'b'}`;
}).join('\n')}\n`;
const run = async (input: Record<string, unknown>) => {
  const { store, result } = await runOnData(
    { 's3://tables/t.csv': text },
    { label: 'y', features: ['x'], trees: 2, testSize: 0.2, ...input },
  );
  const report = await getJson<ClassReport>(store, runKeys('r').report);
  const rows = await testRowsOf(store);
  assert.equal(report.rows.test, rows.length);
  assert.equal(report.rows.train, NUM_ROWS - rows.length);
  return { rows, sha256: result.sha256 };
};

for (const input of [{ stratify: true }, { group: 'who' }, { time: 'when' }, { hashBy: 'who' }, { side: 'part' }]) {
  test(`a split by ${Object.keys(input)[0]} is the same for any number of functions`, async () => {
    const one = await run(input);
    assert.deepEqual(await run({ ...input, chunkBytes: 300, workers: 5 }), one);
  });
}

test('a stratified split holds out exactly the share of each class', async () => {
  const { rows } = await run({ stratify: true });
  assert.equal(rows.length, 60);
  assert.equal(rows.filter((row) => row % 3 === 0).length, 20);
  // of a generator's data too
  const { store } = await runInMemory({ samples: 601, weights: [0.8, 0.2], flipY: 0, stratify: true, testSize: 0.25 });
  const report = await getJson<ClassReport>(store, runKeys('r').report);
  const ofClass = report.confusion.reduce((sum, [k, , count]) => sum + (k === 1 ? count : 0), 0);
  assert.equal(report.rows.test, 150);
  assert.equal(ofClass, apportion(150, report.classCounts)[1]);
});

test('a split by group has no group on both sides, and about the share of the rows', async () => {
  const { rows } = await run({ group: 'who' });
  const groups = new Set(rows.map((row) => row % 23));
  assert.equal(rows.length, Array.from({ length: NUM_ROWS }, (_, i) => i).filter((i) => groups.has(i % 23)).length);
  assert.ok(Math.abs(rows.length - 60) <= 7, `${rows.length}`);
  assert.notDeepEqual((await run({ group: 'who', seed: 1 })).rows, rows);
});

test('a split by time holds out exactly the latest rows, of equal times the last ones', async () => {
  const { rows } = await run({ time: 'when' });
  const timeOf = (row: number) => (row * 37) % 100;
  const expected = Array.from({ length: NUM_ROWS }, (_, i) => i)
    .sort((a, b) => timeOf(a) - timeOf(b) || a - b)
    .slice(240)
    .sort((a, b) => a - b);
  assert.deepEqual(rows, expected);
});

test('a split by hash keeps every row on its side when the data grow', async () => {
  const { rows } = await run({ hashBy: 'x' });
  assert.ok(rows.length > 30 && rows.length < 90, `${rows.length}`);
  const lines = text.split('\n');
  const { store } = await runOnData(
    { 's3://tables/t.csv': lines.slice(0, 101).join('\n') },
    { label: 'y', features: ['x'], trees: 2, testSize: 0.2, hashBy: 'x' },
  );
  assert.deepEqual(
    await testRowsOf(store),
    rows.filter((row) => row < 100),
  );
});

test('a given split is taken as the column says', async () => {
  const { rows } = await run({ side: 'part' });
  assert.deepEqual(
    rows,
    Array.from({ length: 30 }, (_, i) => 10 * i + 3),
  );
});

for (const input of [{}, { shuffle: false }, { stratify: true }, { group: 'who' }, { time: 'when' }, { hashBy: 'x' }]) {
  const name = Object.keys(input)[0] ?? 'chance';
  test(`rows to validate on are set aside by ${name}, and scored`, async () => {
    const validate = async (more: Record<string, unknown>) => {
      const { store } = await runOnData(
        { 's3://tables/t.csv': text },
        { label: 'y', features: ['x'], trees: 2, testSize: 0.2, validationSize: 0.1, ...input, ...more },
      );
      const report = await getJson<ClassReport>(store, runKeys('r').report);
      const rows = { test: await testRowsOf(store), validation: await testRowsOf(store, 'validation') };
      return { report, rows };
    };
    const { report, rows } = await validate({});
    assert.deepEqual((await validate({ chunkBytes: 500 })).rows, rows);
    assert.equal(report.validation?.numRows, rows.validation.length);
    assert.equal(report.rows.train, NUM_ROWS - rows.test.length - rows.validation.length);
    assert.equal(new Set([...rows.test, ...rows.validation]).size, rows.test.length + rows.validation.length);
    if (!('group' in input || 'hashBy' in input)) {
      assert.deepEqual([rows.test.length, rows.validation.length], [60, 30]);
    }
    // who is tested stays so, whether others are validated on or not
    assert.deepEqual((await validate({ validationSize: undefined })).rows.test, rows.test);
    if ('group' in input) {
      const groups = (of: number[]) => new Set(of.map((row) => row % 23));
      for (const group of groups(rows.validation)) assert.ok(!groups(rows.test).has(group));
    }
  });
}

test('what cannot divide the rows is refused', async () => {
  await assert.rejects(
    run({ group: 'who', time: 'when' }),
    /the rows can be split in only one way, got group and time/,
  );
  await assert.rejects(run({ stratify: true, shuffle: false }), /in only one way, got stratify and no shuffle/);
  await assert.rejects(
    run({ hashBy: 'x', validationSize: 50 }),
    /validationSize must be a share in \(0, 1\) with hashBy/,
  );
  await assert.rejects(run({ hashBy: 'x', testSize: 50 }), /testSize must be a share in \(0, 1\) with hashBy/);
  await assert.rejects(run({ time: 'who' }), /row 1, column "who": a time must be a number or a date.*, got "user 0"/);
  await assert.rejects(
    run({ side: 'who' }),
    /row 1, column "who": a side must be train, validation or test, 0 or 1, false or true, got "user 0"/,
  );
  const one = { 's3://tables/t.csv': 'x,g,y\n1,a,0\n2,a,1\n3,a,1\n' };
  await assert.rejects(
    runOnData(one, { label: 'y', group: 'g', testSize: 1 }),
    /dividing the 3 rows by group leaves the test side empty/,
  );
});

test('shares of classes add up, each within one of its exact share', () => {
  const counts = fc.array(fc.nat(50), { minLength: 2, maxLength: 8 }).filter((list) => list.some((count) => count > 0));
  fc.assert(
    fc.property(counts, fc.nat(100), (classCounts, percent) => {
      const numRows = classCounts.reduce((sum, count) => sum + count, 0);
      const numTest = Math.round((numRows * percent) / 100);
      const shares = apportion(numTest, classCounts);
      assert.equal(
        shares.reduce((sum, share) => sum + share, 0),
        numTest,
      );
      for (const [k, share] of shares.entries()) {
        assert.ok(Math.abs(share - (classCounts[k] * numTest) / numRows) < 1 && share <= classCounts[k]);
      }
      const numValidation = Math.floor((numRows - numTest) / 3);
      const sideOf = assignStratifiedSides(classCounts, numTest, numValidation, 5);
      let validated = 0;
      for (const [k, count] of classCounts.entries()) {
        const held = Array.from({ length: count }, (_, rank) => sideOf(k, rank));
        assert.equal(held.filter((side) => side === SIDE.test).length, shares[k]);
        validated += held.filter((side) => side === SIDE.validation).length;
      }
      assert.equal(validated, numValidation);
    }),
    { numRuns: FUZZ_RUNS },
  );
});

test('by time, exactly as many rows are held out as asked for, whatever is equal', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5), { minLength: 3, maxLength: 40 }), fc.nat(100), (times, percent) => {
      const numTest = Math.min(times.length - 1, Math.max(1, Math.round((times.length * percent) / 100)));
      const order = Float64Array.from(times);
      const { rule, numTest: found } = decideSides('time', order, { testSize: numTest });
      assert.equal(found, numTest);
      const isTest = (time: number, row: number) => sidesBy(rule)(time, row) === SIDE.test;
      const train = times.filter((time, row) => !isTest(time, row));
      const held = times.filter((time, row) => isTest(time, row));
      assert.ok(Math.max(...train) <= Math.min(...held));
    }),
    { numRuns: FUZZ_RUNS },
  );
});
