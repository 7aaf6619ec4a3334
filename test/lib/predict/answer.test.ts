import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import type { Model } from '../../../lib/forest/model.ts';
import { decodeModel } from '../../../lib/forest/model-file.ts';
import { RandomForestRegressor } from '../../../lib/forest/regressor.ts';
import { answerRows } from '../../../lib/predict/answer.ts';
import type { RowsError } from '../../../lib/predict/json-rows.ts';
import { modelCache } from '../../../lib/predict/model-cache.ts';
import { runKeys } from '../../../lib/store/keys.ts';
import { memoryStore } from '../../memory-store.ts';

const columns = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(0, 1, 2, 0, 1, 2)];
const labels = ['no', 'no', 'no', 'yes', 'yes', 'yes'];
const forest = new RandomForestClassifier({ numTrees: 5, seed: 1 }).fit(columns, labels, { categorical: [1] });
const model = decodeModel(forest.toBytes());

test('rows come as lists or as objects, and give labels and probabilities', () => {
  const asLists = answerRows(model, {
    rows: [
      [1, 0],
      [6, null],
    ],
  });
  const asObjects = answerRows(model, {
    rows: [
      { f1: 0, f0: 1 },
      { f0: 6, f1: null },
    ],
  });
  assert.deepEqual(asObjects, asLists);
  const expected = forest.predictProba([Float32Array.of(1, 6), Float32Array.of(0, Number.NaN)]);
  assert.deepEqual(
    asLists.predictions.flatMap(({ probabilities }) => probabilities),
    [...expected],
  );
  assert.deepEqual(
    asLists.predictions.map(({ label }) => label),
    ['no', 'yes'],
  );
  assert.deepEqual(asLists.classes, ['no', 'yes']);
});

test('every problem is told with its row, feature and value, up to 20', () => {
  const rows = [[1, 0], [1], ['x', 0], [1, 300], { f0: 1 }, { f0: 1, f7: 2 }, 5, [1e39, 1], [1, true]];
  assert.throws(
    () => answerRows(model, { rows }),
    (error: RowsError) => {
      assert.equal(error.name, 'InputError');
      assert.match(error.message, /^row 1: it must have 2 values as in training, got 1; 7 more problems/);
      assert.deepEqual(
        error.rows.map(({ row, feature, value }) => [row, feature, value]),
        [
          [1, undefined, undefined],
          [2, 'f0', '"x"'],
          [3, 'f1', '300'],
          [4, 'f1', undefined],
          [5, 'f7', undefined],
          [6, undefined, '5'],
          [7, 'f0', '1e+39'],
          [8, 'f1', 'true'],
        ],
      );
      assert.match(error.rows[2].message, /f1 must be a category, an integer from 0 to 254, or null, got 300/);
      assert.match(error.rows[3].message, /f1 has no value; give null/);
      assert.match(error.rows[4].message, /"f7" is not a feature \(is it "f0"\?\); known are f0, f1/);
      return true;
    },
  );
  assert.throws(
    () => answerRows(model, { rows: new Array(50).fill([null, 'x']) }),
    (error: RowsError) => error.rows.length === 20,
  );
});

const WRONG: [request: Record<string, unknown>, message: RegExp][] = [
  [{}, /rows must be a list of 1 to 10000 rows, got undefined/],
  [{ rows: [] }, /got 0 rows/],
  [{ rows: { f0: 1 } }, /rows must be a list/],
  [{ rows: [[1, 1]], explian: true }, /unknown field "explian"; known are rows, explain, paths/],
  [{ rows: [[1, 1]], explain: 'yes' }, /explain must be true or false, got "yes"/],
  [{ rows: new Array(101).fill([1, 1]), explain: true }, /at most 100 rows are explained at once, got 101/],
];
for (const [request, message] of WRONG) {
  test(`a request is refused: ${message.source}`, () => {
    assert.throws(() => answerRows(model, request), { name: 'InputError', message });
  });
}

test('values outside of what training saw are counted, missing ones not', () => {
  const { outOfRange } = answerRows(model, {
    rows: [
      [0, 0],
      [7, null],
      [3, 2],
      [8, 9],
    ],
  });
  assert.deepEqual(outOfRange, {
    share: 4 / 7,
    features: [
      { feature: 'f0', rows: 3, range: [1, 6] },
      { feature: 'f1', rows: 1, range: [0, 2] },
    ],
    unseen: [],
  });
});

test('explanations add up to the probability of the label', () => {
  const { predictions } = answerRows(model, {
    rows: [
      [1, 0],
      [4, 2],
    ],
    explain: true,
    paths: true,
  });
  for (const { probabilities, explanation } of predictions) {
    const { bias, contributions, paths } = explanation!;
    const sum = Object.values(contributions).reduce((part, value) => part + value, bias);
    assert.ok(Math.abs(sum - Math.max(...probabilities!)) < 1e-12);
    assert.equal(paths!.length, 5);
  }
});

test('a regressor gives values', () => {
  const regressor = new RandomForestRegressor({ numTrees: 3 }).fit(columns, [1, 2, 3, 4, 5, 6]);
  const answer = answerRows(decodeModel(regressor.toBytes()), { rows: [[1, 0]], explain: true });
  const [{ value, explanation }] = answer.predictions;
  assert.equal(value, regressor.predict([Float32Array.of(1), Float32Array.of(0)])[0]);
  const sum = Object.values(explanation!.contributions).reduce((part, each) => part + each, explanation!.bias);
  assert.ok(Math.abs(sum - value) < 1e-12);
  assert.equal('classes' in answer, false);
});

test('models are read once, and the least used make room', async () => {
  const store = memoryStore();
  const reads: string[] = [];
  const counting = {
    ...store,
    get: (key: string) => {
      reads.push(key);
      return store.get(key);
    },
  };
  for (const id of ['a', 'b', 'c']) await store.create(runKeys(id).model, forest.toBytes());
  const find = modelCache(counting, 2 * forest.toBytes().length);
  for (const id of ['a', 'b', 'a', 'c', 'a', 'b']) await find(id);
  assert.deepEqual(
    reads,
    ['a', 'b', 'c', 'b'].map((id) => runKeys(id).model),
  );
  await assert.rejects(find('none'), { name: 'NotFoundError', message: /model none does not exist/ });
  await assert.rejects(find('../x'), { name: 'InputError', message: /run id must be/ });
});

const named: Model = {
  ...model,
  schema: {
    label: 'kind',
    features: [
      { name: 'day', type: 'date' },
      { name: 'colour', type: 'categorical', categories: ['blue', 'green', 3] },
    ],
  },
};

test('a feature that a row lacks is not looked for in what all objects have', () => {
  const model: Model = {
    ...named,
    schema: {
      label: 'kind',
      features: [
        { name: 'constructor', type: 'date' },
        { name: '__proto__', type: 'categorical', categories: ['blue'] },
      ],
    },
  };
  assert.throws(
    () => answerRows(model, { rows: [{}] }),
    (error: RowsError) => {
      assert.deepEqual(
        error.rows.map(({ message }) => message),
        ['constructor', '__proto__'].map((name) => `${name} has no value; give null where it is missing`),
      );
      return true;
    },
  );
});

test('a model that knows its columns takes cells as in its table, by name', () => {
  const { predictions, outOfRange } = answerRows(named, {
    rows: [{ colour: 'green', day: '1970-01-03' }, { day: null, colour: 'pink' }, ['1970-01-06T12:00:00Z', '3']],
  });
  const columns = [Float32Array.of(2, Number.NaN, 5.5), Float32Array.of(1, Number.NaN, 2)];
  assert.deepEqual(
    predictions.flatMap(({ probabilities }) => probabilities),
    [...forest.predictProba(columns)],
  );
  assert.deepEqual(outOfRange!.unseen, [{ feature: 'colour', rows: 1 }]);
  assert.throws(
    () => answerRows(named, { rows: [{ color: 'green', day: null }, ['soon', 'blue'], ['1970-01-03', ['blue']]] }),
    (error: RowsError) => {
      assert.deepEqual(
        error.rows.map(({ row, message }) => `${row}: ${message}`),
        [
          '0: "color" is not a feature (is it "colour"?); known are day, colour',
          '1: day must be a date or time as in 2026-11-24, or null, got "soon"',
          '2: colour must be a category, or null, got ["blue"]',
        ],
      );
      return true;
    },
  );
});
