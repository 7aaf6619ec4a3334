// The fixtures hold predictions of onnxruntime: bench/reference/onnx_fixtures.py.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../../../lib/base/hash.ts';
import { toOnnx } from '../../../lib/export/onnx.ts';
import { fromOnnx } from '../../../lib/export/onnx-import.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import type { Model } from '../../../lib/forest/model.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { predict, predictProba, predictValues } from '../../../lib/forest/predict.ts';

const FOLDER = 'test/fixtures/onnx';
const floats = (base64: string) => {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

interface Fixture {
  model: Model;
  columns: Float32Array[];
  onnxSha256: string;
  labels?: (string | number)[];
  probabilities?: string;
  values?: string;
}

function load(file: string): Fixture {
  const { arvo, columns, ...rest } = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
  return { model: decodeModel(new Uint8Array(Buffer.from(arvo, 'base64'))), columns: columns.map(floats), ...rest };
}

/** A label as ONNX stores it: true is 1. */
const shown = (label: unknown) => (typeof label === 'boolean' ? Number(label) : label);

function checkAnswers(model: Model, { columns, labels, probabilities, values }: Fixture): void {
  if (labels) {
    assert.deepEqual(
      Array.from(predict(model, columns), (k) => shown(model.classLabels[k])),
      labels,
    );
    closeTo(predictProba(model, columns), floats(probabilities!), 1e-6);
  } else closeTo(predictValues(model, columns), floats(values!), 1e-6);
}

/** @param tolerance relative to the larger of our value and 1 */
function closeTo(ours: ArrayLike<number>, theirs: ArrayLike<number>, tolerance: number): void {
  assert.equal(ours.length, theirs.length);
  for (let i = 0; i < ours.length; i++) {
    const scale = Math.max(1, Math.abs(ours[i]));
    assert.ok(Math.abs(ours[i] - theirs[i]) <= tolerance * scale, `${i}: ${ours[i]} and ${theirs[i]}`);
  }
}

for (const file of readdirSync(FOLDER)) {
  test(`onnxruntime predicts the same from our file, on thresholds and missing values too: ${file}`, () => {
    const fixture = load(file);
    const onnx = toOnnx(fixture.model);
    assert.equal(
      sha256(onnx),
      fixture.onnxSha256,
      'the fixture belongs to another file; run bench/reference/onnx_fixtures.py',
    );
    checkAnswers(fixture.model, fixture);
  });

  test(`our file is read as a forest that predicts the same: ${file}`, () => {
    const fixture = load(file);
    const model = fromOnnx(toOnnx(fixture.model));
    assert.equal(model.trees.length, fixture.model.trees.length);
    checkAnswers(model, fixture);
    const again = fromOnnx(toOnnx(model));
    for (const [j, edges] of model.edges.entries()) assert.deepEqual(again.edges[j], edges);
  });
}

const fit = (labels: (string | number | boolean)[]) =>
  decodeModel(
    new RandomForestClassifier({ numTrees: 2 }).fit([Float32Array.from(labels, (_, i) => i)], labels).toBytes(),
  );

test('labels that ONNX has no type for and a forest of one class are rejected', () => {
  assert.throws(() => toOnnx(fit([0.5, 1.5, 0.5])), {
    name: 'InputError',
    message: /all integers or all strings, got 0\.5/,
  });
  assert.throws(() => toOnnx(fit(['a', 'a', 'a'])), { name: 'InputError', message: /one class/ });
});
