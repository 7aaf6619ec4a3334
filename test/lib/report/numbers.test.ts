import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { predict } from '../../../lib/forest/predict.ts';
import { decodeRaw } from '../../../lib/partition/arrow.ts';
import { importanceRows } from '../../../lib/plan/importance-rows.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';
import type { RunRequest } from '../../../lib/run/run.ts';
import type { BinsResult } from '../../../lib/stages/bins.ts';
import { countImportance } from '../../../lib/stages/importance.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { getClassReport, runInMemory } from '../../helpers.ts';

const JOB = { samples: 3000, features: 6, trees: 12, testSize: 0.3, flipY: 0.1 };

test('curves, calibration, importances and balance are the same for any chunk size and strategy', async () => {
  const numbers = async (input: Record<string, unknown>) => {
    const { store } = await runInMemory({ ...JOB, ...input });
    const { curves, calibration, permutationImportances, partitions } = await getClassReport(store);
    const total = (side: 'train' | 'test') =>
      [0, 1].map((k) => partitions.reduce((sum, part) => sum + part[side][k], 0));
    return { curves, calibration, permutationImportances, train: total('train'), test: total('test') };
  };
  const expected = await numbers({ chunkSize: 3000, strategy: 'gather' });
  for (const chunkSize of [77, 1000]) assert.deepEqual(await numbers({ chunkSize, strategy: 'trees' }), expected);
  const { curves, calibration, permutationImportances, train, test } = expected;
  assert.deepEqual([train[0] + train[1], test[0] + test[1]], [2100, 900]);
  assert.equal(curves.length, 1);
  assert.deepEqual(curves[0].roc.at(-1), { threshold: 0, falsePositiveRate: 1, truePositiveRate: 1 });
  assert.equal(
    calibration.reduce((sum, { rows }) => sum + rows, 0),
    900,
  );
  assert.equal(permutationImportances!.numRows, 900);
});

test('importance by permutation is that of its plain definition, one feature after the other', async () => {
  const { store } = await runInMemory({ ...JOB, chunkSize: 500 });
  const keys = runKeys('r');
  const plan = planRun((await getJson<RunRequest>(store, keys.run)).params);
  const { donors } = await getJson<BinsResult>(store, keys.binsResult);
  const model = decodeModel(await store.get(keys.model));
  assert.equal(importanceRows(plan), 900);
  assert.deepEqual(
    donors.map((values) => values.length),
    Array(6).fill(64),
  );
  const falls = new Array<number>(6).fill(0);
  for (let i = 0; i < plan.numChunks; i++) {
    const rows = decodeRaw(await store.get(keys.test(i)), keys.test(i));
    const rightOf = (columns: Float32Array[]) =>
      predict(model, columns).reduce((sum, k, row) => sum + Number(k === rows.labels[row]), 0);
    const right = rightOf(rows.columns);
    for (let j = 0; j < 6; j++) {
      const columns = [...rows.columns];
      columns[j] = Float32Array.from(rows.rowIndex, (rowIndex) => {
        const random = new RandomStream(plan.params.seed, STREAM.permutation, rowIndex);
        for (let skipped = 0; skipped <= j; skipped++) random.nextOpen();
        return donors[j][Math.floor(random.nextOpen() * 64)];
      });
      falls[j] += right - rightOf(columns);
    }
  }
  const { mean, error, numRows } = (await getClassReport(store)).permutationImportances!;
  assert.deepEqual(
    mean,
    falls.map((fall) => fall / numRows),
  );
  assert.ok(Math.max(...mean) > 0.1 && error.every((value) => value > 0 && value < 0.03), `${mean} ± ${error}`);
});

test('importance counts rows that turned wrong and rows that turned right', () => {
  const counts = countImportance([0, 1, 1, 0], [0, 1, 0, 0], [1, 2], [0, 1, 1, 0]);
  assert.deepEqual(counts, { numRows: 2, lost: [1, 0], gained: [1, 0] });
});

test('a forest too large for it has no importance by permutation, and no more than a sample of the rows is taken', () => {
  const rowsFor = (input: Record<string, unknown>) => importanceRows(planRun(parseRunParams(input)));
  assert.equal(rowsFor({}), 2000);
  assert.equal(rowsFor({ trees: 1000 }), 200);
  assert.equal(rowsFor({ trees: 4000 }), 0);
});

test('the out-of-bag curve ends with the score, and any grouping of trees has the same points', async () => {
  const curveOf = async (input: Record<string, unknown>) => {
    const { store } = await runInMemory({ ...JOB, trees: 25, oobScore: true, ...input });
    const { oobCurve, oobScore, oobCoverage } = await getClassReport(store);
    assert.deepEqual(oobCurve!.at(-1), { numTrees: 25, score: oobScore, coverage: oobCoverage });
    return new Map(oobCurve!.map(({ numTrees, score, coverage }) => [numTrees, { score, coverage }]));
  };
  const whole = await curveOf({ strategy: 'gather' });
  assert.deepEqual([...whole.keys()], [1, 2, 5, 10, 20, 25]);
  const groups = await curveOf({ strategy: 'trees', workers: 5 });
  assert.deepEqual([...groups.keys()], [1, 2, 5, 10, 15, 20, 25]);
  for (const [numTrees, point] of whole) assert.deepEqual(groups.get(numTrees), point, `${numTrees} trees`);
  // a tree leaves a share 1/e of the rows out
  const { coverage, score } = whole.get(1)!;
  assert.ok(Math.abs(coverage - 0.368) < 0.03 && score < whole.get(25)!.score);
});
