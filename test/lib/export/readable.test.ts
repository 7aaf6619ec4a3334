// JSON and JavaScript: what is written predicts the same, and is read back whole.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { MODEL_FORMATS, readModel, writeModel } from '../../../lib/export/formats.ts';
import { fromJsModule, toJsModule } from '../../../lib/export/js-module.ts';
import { toJsonLines } from '../../../lib/export/json.ts';
import { fromJson } from '../../../lib/export/json-read.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { decodeModel, type Model, reencodeModel } from '../../../lib/forest/model.ts';
import type { ModelSchema } from '../../../lib/forest/model-about.ts';
import { predict, predictProba, predictValues } from '../../../lib/forest/predict.ts';
import { RandomForestRegressor } from '../../../lib/forest/regressor.ts';
import { temporaryFolder } from '../../local/command.ts';

const FOLDER = 'test/fixtures/onnx';
const copy = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

/** Models of every kind, and rows on and next to their thresholds. */
function* models(): Generator<[name: string, model: Model, columns: Float32Array[]]> {
  for (const file of readdirSync(FOLDER)) {
    const { arvo, columns } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
    const rows = columns.map((column: string) => new Float32Array(copy(column).buffer));
    yield [file, decodeModel(copy(arvo)), rows];
  }
  const columns = [Float32Array.of(1, 2, 3, Number.NaN, 5, 6), Float32Array.of(0, 1, 0, 1, 0, 1)];
  const withOptions = new RandomForestClassifier({ numTrees: 3, monotonicConstraints: [1, 0] });
  yield ['impurities', decodeModel(withOptions.fit(columns, ['a', 'b', 'a', 'b', 'b', 'b']).toBytes()), columns];
  const values = new RandomForestRegressor({ numTrees: 2, criterion: 'absolute_error' });
  yield ['absolute error', decodeModel(values.fit(columns, [1, 2, 3, 5, 8, 13]).toBytes()), columns];
  yield [
    'one leaf',
    decodeModel(new RandomForestClassifier({ numTrees: 1 }).fit(columns, [7, 7, 7, 7, 7, 7]).toBytes()),
    columns,
  ];
}

interface ExportedModule {
  classes: unknown[];
  featureNames: string[];
  predict(rows: unknown[]): unknown[];
  predictProba(rows: unknown[]): number[][];
}

let numModules = 0;
async function load(t: TestContext, model: Model): Promise<ExportedModule> {
  const file = join(await temporaryFolder(t), `model-${numModules++}.mjs`);
  writeFileSync(file, toJsModule(model));
  return import(pathToFileURL(file).href);
}

for (const [name, model, columns] of models()) {
  test(`as JSON it is read back as the same bytes: ${name}`, () => {
    const text = [...toJsonLines(model)].join('');
    assert.deepEqual(Buffer.from(reencodeModel(fromJson(text))), Buffer.from(reencodeModel(model)));
  });

  test(`as a JavaScript module it predicts the same numbers, and is read back as the same bytes: ${name}`, async (t) => {
    const module = await load(t, model);
    const rows = Array.from(columns[0], (_, row) =>
      columns.map((column) => (Number.isNaN(column[row]) ? null : column[row])),
    );
    if (model.numClasses > 0) {
      assert.deepEqual(module.predictProba(rows).flat(), [...predictProba(model, columns)]);
      const labels = Array.from(predict(model, columns), (k) => model.classLabels[k]);
      assert.deepEqual(module.predict(rows), labels);
    } else {
      assert.deepEqual(module.predict(rows), [...predictValues(model, columns)]);
    }
    assert.deepEqual(module.classes, model.classLabels);
    assert.deepEqual(Buffer.from(reencodeModel(fromJsModule(toJsModule(model)))), Buffer.from(reencodeModel(model)));
  });
}

test('a module refuses a row of another length, and a value that is none', async (t) => {
  const columns = [Float32Array.of(1, 2, 3, 4), Float32Array.of(0, 1, 2, 1)];
  const forest = new RandomForestClassifier({ numTrees: 2 }).fit(columns, ['a', 'b', 'a', 'b'], { categorical: [1] });
  const module = await load(t, decodeModel(forest.toBytes()));
  assert.throws(() => module.predict([[1]]), /row 0 must have 2 values, got 1/);
  assert.throws(
    () =>
      module.predict([
        [1, 1],
        ['x', 1],
      ]),
    /row 1: feature 0 must be a finite float32, got x/,
  );
  assert.throws(() => module.predict([[1, 0.5]]), /feature 1 must be a category from 0 to 254, got 0.5/);
  assert.throws(() => module.predict([[1e300, 0]]), /finite float32, got 1e\+300/);
});

test('a forest as JSON can be read by a person', () => {
  const columns = [Float32Array.of(1, 2, 3, 4, 5, 6)];
  const forest = new RandomForestClassifier({ numTrees: 1, bootstrap: false });
  forest.fit(columns, ['no', 'no', 'no', 'yes', 'yes', 'yes']);
  const text = [...toJsonLines(decodeModel(forest.toBytes()))].join('');
  assert.match(text, /\{"feature": 0, "range": \[1,6\], "edges": \[1\.5, 2\.5, 3\.5, 4\.5, 5\.5\]\}/);
  assert.match(
    text,
    /\{"node": 0, "feature": 0, "atMost": 3\.5, "left": 1, "right": 2\},\n\{"node": 1, "samples": \{"no": 3\}\},\n\{"node": 2, "samples": \{"yes": 3\}\}/,
  );
});

const SMALL = (() => {
  const forest = new RandomForestClassifier({ numTrees: 1, bootstrap: false });
  return [...toJsonLines(decodeModel(forest.fit([Float32Array.of(1, 2)], ['no', 'yes']).toBytes()))].join('');
})();
const CHANGES: [from: string, to: string, message: RegExp][] = [
  ['{', '', /not JSON/],
  ['arvoredo forest', 'other', /format must be arvoredo forest/],
  ['"version": 1', '"version": 9', /version 9/],
  ['"node": 1,', '"node": 5,', /node 1 of tree 0 is numbered 5/],
  ['"atMost": 1.5', '"atMost": 1.25', /threshold 1.25, which is no edge of feature 0/],
  ['"right": 2', '"right": 1', /node 0 of tree 0 has 1 on its right, its place says 2/],
  ['"feature": 0, "atMost"', '"feature": 3, "atMost"', /node 0 of tree 0 tests feature 3/],
  ['{"no": 1}', '{"other": 1}', /samples of other/],
  ['{"no": 1}', '{}', /empty/],
  ['"range": [1,2]', '"range": [2,1]', /ranges/],
  ['"trees": [', '"trees": {}, "x": [', /trees must be a list/],
];
for (const [from, to, message] of CHANGES) {
  test(`JSON with ${to || 'nothing'} in place of ${from} is refused`, () => {
    assert.ok(SMALL.includes(from), SMALL);
    assert.throws(() => fromJson(SMALL.replace(from, to)), { name: 'FormatError', message });
  });
}

test('another module is not read', () => {
  assert.throws(() => fromJsModule('export const MODEL = 5;'), { name: 'FormatError', message: /not a module/ });
});

const SCHEMA: ModelSchema = {
  label: 'kind',
  features: [
    { name: 'petal "length"', type: 'numeric' },
    { name: 'colour', type: 'categorical', categories: ['green', 'red'] },
  ],
};

/** A model that knows what its columns are called. */
function namedModel(): Model {
  const columns = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(0, 1, 0, 1, 0, 1)];
  const forest = new RandomForestClassifier({ numTrees: 3, maxFeatures: null });
  const fitted = forest.fit(columns, ['a', 'b', 'a', 'b', 'b', 'b'], { categorical: [1] });
  return { ...decodeModel(fitted.toBytes()), schema: SCHEMA };
}

test('the names of the columns go with a model, whatever format it leaves in', async (t) => {
  const model = namedModel();
  for (const format of MODEL_FORMATS) {
    const pieces = [...writeModel(model, format)].map((piece) => Buffer.from(piece as string));
    assert.deepEqual(readModel(Buffer.concat(pieces)).schema, SCHEMA, format);
  }
  assert.match([...toJsonLines(model)].join(''), /"node": 0, "feature": \d, "name": "(petal \\"length\\"|colour)"/);
  const module = await load(t, model);
  assert.deepEqual(module.featureNames, ['petal "length"', 'colour']);
  const byName = [
    { colour: 'red', 'petal "length"': 4 },
    { colour: 'blue', 'petal "length"': 1 },
  ];
  assert.deepEqual(
    module.predictProba(byName),
    module.predictProba([
      [4, 1],
      [1, null],
    ]),
  );
  assert.throws(() => module.predict([{ color: 'red' }]), /there is no feature color/);
});

test('a module takes truths and dates as a table has them, and refuses others', async (t) => {
  const columns = [Float32Array.of(0, 1, 0, 1), Float32Array.of(0, 1, 2, 3)];
  const fitted = new RandomForestClassifier({ numTrees: 3, maxFeatures: null }).fit(columns, ['a', 'b', 'a', 'c']);
  const schema: ModelSchema = {
    label: 'kind',
    features: [
      { name: 'constructor', type: 'boolean' },
      { name: 'day', type: 'date' },
    ],
  };
  const module = await load(t, { ...decodeModel(fitted.toBytes()), schema });
  const ofCells = (truth: unknown, day: unknown) => module.predictProba([{ constructor: truth, day }]);
  const ofNumbers = (truth: number | null, day: number | null) => module.predictProba([[truth, day]]);
  assert.deepEqual(ofCells('True', '1970-01-04'), ofNumbers(1, 3));
  assert.deepEqual(ofCells(true, new Date(3 * 86_400_000)), ofNumbers(1, 3));
  assert.deepEqual(ofCells('false', '1970-01-03 00:00'), ofNumbers(0, 2));
  assert.deepEqual(ofCells('false', '1970-01-03 12:00+12:00'), ofNumbers(0, 2));
  assert.deepEqual(module.predictProba([{ day: null }]), ofNumbers(null, null));
  assert.throws(() => ofCells('maybe', null), /row 0: constructor must be true or false, got maybe/);
  assert.throws(() => ofCells(1, null), /constructor must be true or false, got 1/);
  for (const day of ['1970-02-30', 'soon', 3, '']) {
    assert.throws(() => ofCells(true, day), new RegExp(`day must be a date or time as in 2026-11-24, got ${day}`));
  }
});
