import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyForest } from '../../../lib/forest/apply.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { explainRows, pathsOfRow } from '../../../lib/forest/explain.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { predictProba, predictValues } from '../../../lib/forest/predict.ts';

const FOLDER = 'test/fixtures/onnx';
const copy = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

for (const file of readdirSync(FOLDER)) {
  const { arvo, columns: texts } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
  const model = decodeModel(copy(arvo));
  const columns: Float32Array[] = texts.map((column: string) => new Float32Array(copy(column).buffer));

  test(`contributions add up to the prediction, to 1e-12: ${file}`, () => {
    const { width, bias, values } = explainRows(model, columns);
    const predicted = model.numClasses > 0 ? predictProba(model, columns) : predictValues(model, columns);
    const numFeatures = columns.length;
    for (let i = 0; i < predicted.length; i++) {
      const [row, k] = [Math.floor(i / width), i % width];
      let sum = bias[k];
      let greatest = Math.abs(bias[k]);
      for (let j = 0; j < numFeatures; j++) {
        const value = values[(row * numFeatures + j) * width + k];
        sum += value;
        greatest = Math.max(greatest, Math.abs(value));
      }
      assert.ok(Math.abs(sum - predicted[i]) <= 1e-12 * Math.max(1, greatest), `row ${row}: ${sum}, ${predicted[i]}`);
    }
  });

  test(`paths follow their tests and end in the leaf that apply returns: ${file}`, () => {
    const leaves = applyForest(model, columns);
    for (let row = 0; row < columns[0].length; row += 7) {
      for (const [t, { steps, leaf }] of pathsOfRow(model, columns, row).entries()) {
        assert.equal(leaf, leaves[row * model.trees.length + t]);
        for (const { value, atMost, categories, goes } of steps) {
          if (value === null) continue;
          const isLeft = categories ? categories.includes(value) : atMost === null || value <= atMost!;
          assert.equal(goes, isLeft ? 'left' : 'right');
        }
      }
    }
  });
}

test('a tree with one test attributes everything to its feature', () => {
  const columns = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 5, 5, 5)];
  const forest = new RandomForestClassifier({ numTrees: 1, bootstrap: false, maxFeatures: null });
  const model = decodeModel(forest.fit(columns, ['a', 'a', 'a', 'b']).toBytes());
  const { bias, values } = explainRows(model, columns);
  assert.deepEqual([...bias], [0.75, 0.25]);
  assert.deepEqual([...values.subarray(0, 4)], [0.25, -0.25, 0, 0], 'feature 0, then feature 1, which is constant');
  assert.deepEqual([...values.subarray(12)], [-0.75, 0.75, 0, 0]);
  assert.deepEqual(pathsOfRow(model, columns, 3), [
    { steps: [{ node: 0, feature: 0, value: 4, atMost: 3.5, goes: 'right' }], leaf: 2 },
  ]);
});

test('contributions have a sign and sum to zero over the training rows', () => {
  const columns = [Float32Array.of(1, 2, 3, 4, 5, 6)];
  const forest = new RandomForestClassifier({ numTrees: 1, bootstrap: false });
  const model = decodeModel(forest.fit(columns, [0, 0, 1, 0, 1, 1]).toBytes());
  const { values } = explainRows(model, columns);
  const ofSecond = Array.from({ length: 6 }, (_, row) => values[2 * row + 1]);
  assert.ok(Math.abs(ofSecond.reduce((sum, value) => sum + value, 0)) < 1e-12);
  assert.ok(ofSecond[0] < 0 && ofSecond[5] > 0);
});
