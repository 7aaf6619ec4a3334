import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { quantileEdges } from '../../../lib/forest/bins.ts';
import { MISSING_BYTE } from '../../../lib/forest/training-table.ts';
import { encodeFeature } from '../../../lib/forest/walk.ts';
import { assignFolds } from '../../../lib/partition/folds.ts';
import type { ClassReport } from '../../../lib/report/class-report.ts';
import { toValues } from '../../../lib/stages/fold.ts';
import { getJson } from '../../../lib/store/json.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { FUZZ_RUNS } from '../../fuzz.ts';
import { runInMemory, runOnData } from '../../helpers.ts';

test('folds are of equal size, in all and of each class', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(4), { minLength: 2, maxLength: 80 }),
      fc.integer({ min: 2, max: 7 }),
      fc.boolean(),
      (list, numFolds, isStratified) => {
        const labels = Uint16Array.from(list);
        const folds = assignFolds(labels, numFolds, 3, isStratified);
        const sizes = (isMine: (row: number) => boolean) =>
          Array.from({ length: numFolds }, (_, fold) => folds.filter((one, row) => one === fold && isMine(row)).length);
        const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);
        assert.ok(spread(sizes(() => true)) <= 1);
        if (isStratified) for (let k = 0; k < 5; k++) assert.ok(spread(sizes((row) => labels[row] === k)) <= 1);
      },
    ),
    { numRuns: FUZZ_RUNS },
  );
});

test('values made of codes have these codes', () => {
  const value = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constant(Number.NaN));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 50 }), fc.integer({ min: 2, max: 255 }), (list, maxBins) => {
      const values = Float32Array.from(list);
      const edges = quantileEdges(
        values.filter((one) => !Number.isNaN(one)),
        maxBins,
      );
      const encode = (column: Float32Array) => {
        const codes = new Uint8Array(column.length);
        encodeFeature(column, { feature: 0, edges, isCategorical: false }, codes, MISSING_BYTE);
        return codes;
      };
      const codes = encode(values);
      assert.deepEqual(encode(toValues(codes, edges, false)), codes);
    }),
    { numRuns: FUZZ_RUNS },
  );
  assert.deepEqual([...toValues(Uint8Array.from([3, 255]), new Float32Array(0), true)], [3, Number.NaN]);
  assert.throws(() => toValues(Uint8Array.from([2]), Float32Array.from([1]), false), { name: 'FormatError' });
});

test('cross-validation is the same for any number of functions, and changes no byte of the model', async () => {
  const run = async (input: Record<string, unknown>) => {
    const { store, result } = await runInMemory({ samples: 900, trees: 8, folds: 4, stratify: true, ...input });
    return { report: await getJson<ClassReport>(store, runKeys('r').report), sha256: result.sha256 };
  };
  const one = await run({});
  const many = await run({ chunkSize: 37, workers: 5, strategy: 'trees' });
  assert.deepEqual(many.report.crossValidation, one.report.crossValidation);
  const { accuracy, accuracyError, folds } = one.report.crossValidation!;
  assert.equal(folds.length, 4);
  assert.equal(
    folds.reduce((sum, { numRows }) => sum + numRows, 0),
    one.report.rows.train,
  );
  // the ceiling of these data is 0.91 to 0.97; each fold has 200 rows
  assert.ok(accuracy > 0.85 && accuracy < 0.99, `${accuracy}`);
  assert.ok(accuracyError > 0 && accuracyError < 0.05, `${accuracyError}`);
  const without = await run({ folds: undefined });
  assert.equal(without.report.crossValidation, null);
  assert.equal(without.sha256, one.sha256);
});

test('data with categories, missing values and weights are cross-validated', async () => {
  const rows = Array.from(
    { length: 200 },
    (_, i) => `${i % 7 === 0 ? '' : i % 50},${['a', 'b'][i % 2]},${1 + (i % 3)},${i % 2 === 0 ? 'yes' : 'no'}`,
  );
  const { store } = await runOnData(
    { 's3://tables/t.csv': `x,c,w,y\n${rows.join('\n')}\n` },
    { label: 'y', weights: 'w', folds: 3 },
  );
  const { crossValidation } = await getJson<ClassReport>(store, runKeys('r').report);
  assert.ok(crossValidation!.accuracy > 0.95);
});

test('folds that make no sense are refused', async () => {
  await assert.rejects(
    runInMemory({ samples: 6, testSize: 1, folds: 6 }),
    /folds must be at most the 5 training rows, got 6/,
  );
  const file = { 's3://tables/iris.csv': readFileSync('test/fixtures/tables/iris.csv') };
  await assert.rejects(
    runOnData(file, { skipRows: 1, label: '4', group: '0', folds: 3 }),
    /folds are random and would have rows of a group on both sides; remove folds or group/,
  );
});
