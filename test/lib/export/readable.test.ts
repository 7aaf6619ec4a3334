// Exports as JSON and JavaScript predict the same numbers as the model.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type ModelFormat, readModel, writeModel } from '../../../lib/export/formats.ts';
import { toJsModule } from '../../../lib/export/js-module.ts';
import { toJsonLines } from '../../../lib/export/json.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import type { ClassLabel, Model, ModelSchema } from '../../../lib/forest/model.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
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

/** The export as json.ts documents it. */
interface JsonForest {
  classes: ClassLabel[];
  options: unknown;
  schema?: ModelSchema;
  missing: string;
  trees: { nodes: JsonNode[] }[];
}

interface JsonNode {
  feature?: number;
  atMost?: number | null;
  in?: number[];
  missing?: 'left' | 'right';
  left: number;
  right: number;
  samples?: Record<string, number>;
  value?: number;
  weight?: number;
}

/** The class probabilities or the value of a row, read off the export alone. */
function predictByJson({ classes, missing, trees }: JsonForest, row: readonly number[]): number[] {
  const sums = new Array<number>(classes.length || 1).fill(0);
  for (const { nodes } of trees) {
    const countSamples = ({ samples, weight, left, right }: JsonNode): number => {
      if (weight !== undefined) return weight;
      if (samples) return Object.values(samples).reduce((sum, count) => sum + count, 0);
      return countSamples(nodes[left]) + countSamples(nodes[right]);
    };
    const isLeft = (node: JsonNode): boolean => {
      const value = row[node.feature!];
      if (!Number.isNaN(value))
        return node.in ? node.in.includes(value) : value <= Math.fround(node.atMost ?? Infinity);
      if (missing === 'as each node says') return node.missing === 'left';
      return countSamples(nodes[node.left]) > countSamples(nodes[node.right]);
    };
    let node = nodes[0];
    while (node.feature !== undefined) node = nodes[isLeft(node) ? node.left : node.right];
    if (classes.length === 0) sums[0] += node.value!;
    else
      for (const [k, label] of classes.entries()) sums[k] += (node.samples![String(label)] ?? 0) / countSamples(node);
  }
  return sums.map((sum) => sum / trees.length);
}

let numModules = 0;
async function load(t: TestContext, model: Model): Promise<ExportedModule> {
  const file = join(await temporaryFolder(t), `model-${numModules++}.mjs`);
  writeFileSync(file, toJsModule(model));
  return import(pathToFileURL(file).href);
}

for (const [name, model, columns] of models()) {
  test(`JSON has all that predicting takes: ${name}`, () => {
    const forest: JsonForest = JSON.parse([...toJsonLines(model)].join(''));
    const rows = Array.from(columns[0], (_, row) => columns.map((column) => column[row]));
    const predicted = rows.flatMap((row) => predictByJson(forest, row));
    assert.deepEqual(predicted, [...(model.numClasses > 0 ? predictProba : predictValues)(model, columns)]);
    assert.deepEqual(
      [forest.classes, forest.options, forest.schema],
      [model.classLabels, model.options, model.schema ?? undefined],
    );
  });

  test(`a JavaScript module predicts the same numbers: ${name}`, async (t) => {
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
  });
}

test('a module rejects a row of another length and invalid values', async (t) => {
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

test('a forest as JSON is readable', () => {
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

test('JSON and JavaScript exports are rejected as input', () => {
  const model = namedModel();
  for (const [format, name] of [
    ['json', 'JSON'],
    ['js', 'JavaScript'],
  ] as const) {
    const message = `${name} exports cannot be read back; use the .arvo or .onnx file of the model`;
    assert.throws(() => readModel(toBytes(model, format)), { name: 'FormatError', message });
  }
});

const SCHEMA: ModelSchema = {
  label: 'kind',
  features: [
    { name: 'petal "length"', type: 'numeric' },
    { name: 'colour', type: 'categorical', categories: ['green', 'red'] },
  ],
};

function toBytes(model: Model, format: ModelFormat): Buffer {
  const chunks = [...writeModel(model, format)];
  return Buffer.concat(chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)));
}

/** A model with column names. */
function namedModel(): Model {
  const columns = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(0, 1, 0, 1, 0, 1)];
  const forest = new RandomForestClassifier({ numTrees: 3, maxFeatures: null });
  const fitted = forest.fit(columns, ['a', 'b', 'a', 'b', 'b', 'b'], { categorical: [1] });
  return { ...decodeModel(fitted.toBytes()), schema: SCHEMA };
}

test('every format keeps the column names of a model', async (t) => {
  const model = namedModel();
  for (const format of ['arvo', 'onnx'] as const) {
    assert.deepEqual(readModel(toBytes(model, format)).schema, SCHEMA, format);
  }
  assert.deepEqual(JSON.parse(String(toBytes(model, 'json'))).schema, SCHEMA);
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
  assert.throws(() => module.predict([{ color: 'red' }]), /unknown feature color/);
});

test('a module accepts booleans and dates as in the table, and rejects others', async (t) => {
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
  const probaByCells = (truth: unknown, day: unknown) => module.predictProba([{ constructor: truth, day }]);
  const probaByNumbers = (truth: number | null, day: number | null) => module.predictProba([[truth, day]]);
  assert.deepEqual(probaByCells('True', '1970-01-04'), probaByNumbers(1, 3));
  assert.deepEqual(probaByCells(true, new Date(3 * 86_400_000)), probaByNumbers(1, 3));
  assert.deepEqual(probaByCells('false', '1970-01-03 00:00'), probaByNumbers(0, 2));
  assert.deepEqual(probaByCells('false', '1970-01-03 12:00+12:00'), probaByNumbers(0, 2));
  assert.deepEqual(module.predictProba([{ day: null }]), probaByNumbers(null, null));
  assert.throws(() => probaByCells('maybe', null), /row 0: constructor must be true or false, got maybe/);
  assert.throws(() => probaByCells(1, null), /constructor must be true or false, got 1/);
  for (const day of ['1970-02-30', 'soon', 3, '']) {
    assert.throws(() => probaByCells(true, day), new RegExp(`day must be a date or time as in 2026-11-24, got ${day}`));
  }
});
