import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableFromIPC } from '@uwdata/flechette';
import { parquetReadObjects } from 'hyparquet';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import type { Model } from '../../../lib/forest/model.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { RandomForestRegressor } from '../../../lib/forest/regressor.ts';
import { answerColumns } from '../../../lib/predict/answer-columns.ts';
import { predictRows } from '../../../lib/predict/batch.ts';
import { OUTPUT_FORMATS, OUTPUTS, type OutputFormat } from '../../../lib/predict/output.ts';

const columns = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(0, 1, 2, 0, 1, 2)];
const notes = ['a "quoted"\nnote', null, '', 'b,c', 'größe', null];
const kept = [{ name: 'the "note"\nof a row', cells: { at: (row: number) => notes[row] } }];

type Rows = Record<string, unknown>[];
const READERS: Record<Exclude<OutputFormat, 'csv'>, (file: Uint8Array) => Rows | Promise<Rows>> = {
  arrow: (file) => tableFromIPC(file).toArray() as Rows,
  parquet: (file) => parquetReadObjects({ file: new Uint8Array(file).buffer }),
};

/** What is told of rows [start, end). */
async function answerOf(model: Model, start: number, end: number) {
  const part = columns.slice(0, model.numFeatures).map((column) => column.slice(start, end));
  const rows = await predictRows(model, part, { explain: true, numThreads: 1 });
  const cells = { at: (row: number) => notes[start + row] };
  return answerColumns(model, rows, start, [{ name: kept[0].name, cells }]);
}

function joined(format: OutputFormat, files: readonly Uint8Array[]): Uint8Array {
  const joiner = OUTPUTS[format].join();
  const pieces = files.flatMap((file) => joiner.add(file).map((piece) => piece.slice()));
  return Buffer.concat([...pieces, ...joiner.end()]);
}

const classifier = (labels: (string | number | boolean)[]) =>
  decodeModel(
    new RandomForestClassifier({ numTrees: 5, seed: 1 }).fit(columns, labels, { categorical: [1] }).toBytes(),
  );
const MODELS: [kind: string, model: Model][] = [
  ['texts', classifier(['no', 'no', 'no', 'a "yes"', 'a "yes"', 'a "yes"'])],
  ['numbers', classifier([1, 1, 1, 2.5, 2.5, 2.5])],
  ['truths', classifier([false, false, false, true, true, true])],
  ['values', decodeModel(new RandomForestRegressor({ numTrees: 2 }).fit([columns[0]], [1, 2, 3, 4, 5, 6]).toBytes())],
];

for (const [kind, model] of MODELS) {
  for (const format of OUTPUT_FORMATS) {
    test(`files of parts, end to end, hold what one file of all rows holds: ${kind} as ${format}`, async () => {
      const whole = await answerOf(model, 0, 6);
      const parts = await Promise.all([answerOf(model, 0, 1), answerOf(model, 1, 4), answerOf(model, 4, 6)]);
      const file = joined(format, parts.map(OUTPUTS[format].write));
      if (format === 'csv') {
        assert.deepEqual(Buffer.from(file), Buffer.from(OUTPUTS.csv.write(whole)));
        return;
      }
      const expected = Array.from({ length: 6 }, (_, row) =>
        Object.fromEntries(whole.map(({ name, values }) => [name, values[row]])),
      );
      for (const written of [file, joined(format, [OUTPUTS[format].write(whole)])]) {
        const rows = await READERS[format](written);
        const plain = rows.map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([name, value]) => [name, name === 'row' ? Number(value) : value]),
          ),
        );
        assert.deepEqual(plain, expected);
      }
    });
  }
}

test('columns depend on the kind of the model; contributions add up to what is predicted', async () => {
  const [[, texts]] = MODELS;
  const [, regressor] = MODELS[3];
  const names = async (model: Model) => (await answerOf(model, 0, 6)).map(({ name }) => name);
  assert.deepEqual(await names(texts), [
    'row',
    kept[0].name,
    'label',
    'p_a "yes"',
    'p_no',
    'bias',
    'from_f0',
    'from_f1',
  ]);
  assert.deepEqual(await names(regressor), ['row', kept[0].name, 'prediction', 'bias', 'from_f0']);
  const [, , prediction, bias, from] = await answerOf(regressor, 0, 6);
  for (let row = 0; row < 6; row++) {
    const sum = Number(bias.values[row]) + Number(from.values[row]);
    assert.ok(Math.abs(sum - Number(prediction.values[row])) < 1e-12);
  }
});

test('columns stay in their order, though one is called by a number', async () => {
  const [, model] = MODELS[0];
  const names = ['row', '7', 'label', 'p_a "yes"', 'p_no'];
  const rows = await predictRows(model, columns, { numThreads: 1 });
  const answer = answerColumns(model, rows, 0, [{ name: '7', cells: { at: (row: number) => notes[row] } }]);
  assert.deepEqual(
    tableFromIPC(OUTPUTS.arrow.write(answer)).schema.fields.map(({ name }) => name),
    names,
  );
  const [first] = await parquetReadObjects({ file: new Uint8Array(OUTPUTS.parquet.write(answer)).buffer });
  assert.deepEqual(Object.keys(first).sort(), [...names].sort());
  assert.match(new TextDecoder().decode(OUTPUTS.csv.write(answer)), /^row,7,label,/);
});
