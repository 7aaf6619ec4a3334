import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../lib/base/random.ts';
import { applyForest } from '../../../lib/forest/apply.ts';
import type { Forest } from '../../../lib/forest/forest.ts';
import { GeneralGrower } from '../../../lib/forest/general-grow.ts';
import { growTrees } from '../../../lib/forest/grow.ts';
import { growForest } from '../../../lib/forest/grow-forest.ts';
import { featureImportances } from '../../../lib/forest/importances.ts';
import { encodeTrees } from '../../../lib/forest/model-file.ts';
import { FOREST_DEFAULTS, type ForestParams, resolveParams } from '../../../lib/forest/params.ts';
import { predictProba, predictValues } from '../../../lib/forest/predict.ts';
import { tableOfRows } from '../../../lib/forest/training-table.ts';
import { LEAF } from '../../../lib/forest/tree.ts';
import { REFERENCES, readReference, referenceTable } from './reference.ts';
import { randomTable } from './tables.ts';

test('the general trainer gives the bytes of the fast one, on 300 random tables and wherever that one can do it', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new RandomStream(seed, 3);
    const pick = <T>(...values: T[]): T => values[random.nextBelow(values.length)];
    const { rows, edges, numClasses } = randomTable(
      seed,
      pick(1, 2, 3, 10, 40, 250),
      pick(1, 2, 5, 20),
      pick(1, 2, 3, 10),
    );
    const params: ForestParams = {
      ...FOREST_DEFAULTS,
      seed,
      numTrees: 2,
      maxFeatures: pick<ForestParams['maxFeatures']>('sqrt', 'log2', null, 1),
      maxDepth: pick(null, null, 3),
      minSamplesSplit: pick(2, 2, 5),
      minSamplesLeaf: pick(1, 1, 2, 7),
      bootstrap: pick(true, true, false),
    };
    const table = tableOfRows(rows, edges, numClasses);
    const general = new GeneralGrower(table, resolveParams(params, rows.numRows, edges.length, numClasses));
    const trees = [general.grow(0), general.grow(1)];
    assert.deepEqual(encodeTrees(trees), encodeTrees(growTrees(rows, { edges, numClasses }, params, 0, 2)), `${seed}`);
  }
});

for (const { name, numClasses } of REFERENCES) {
  const reference = readReference(name);
  for (const expected of reference.cases) {
    const weights = expected.weighted ? ', weighted' : '';
    test(`${name}: ${JSON.stringify(expected.params)}${weights} gives scikit-learn's tree`, () => {
      const params: ForestParams = {
        ...FOREST_DEFAULTS,
        ...expected.params,
        numTrees: 1,
        bootstrap: false,
        maxFeatures: null,
      };
      const table = referenceTable(reference, numClasses, expected.weighted ? reference.weights : undefined);
      const trees = growForest(table, params, 0, 1);
      const forest: Forest = { numClasses, edges: table.edges, trees };
      const features = Array.from(trees[0].feature, (feature) => (feature === LEAF ? -1 : feature));
      assert.deepEqual(features, expected.feature);
      assert.deepEqual([...applyForest(forest, reference.columns)], expected.leafOf);
      const found = numClasses > 0 ? predictProba(forest, reference.columns) : predictValues(forest, reference.columns);
      assertClose(
        [...found],
        expected.leafOf.flatMap((leaf) => expected.values[leaf]!),
      );
      const criterion = params.criterion ?? (numClasses > 0 ? 'gini' : 'squared_error');
      assertClose([...featureImportances(forest, criterion)], expected.importances);
    });
  }
}

function assertClose(found: number[], expected: number[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, value] of found.entries()) {
    const scale = Math.max(1, Math.abs(expected[i]));
    assert.ok(Math.abs(value - expected[i]) <= 1e-10 * scale, `${value} where ${expected[i]} was expected, at ${i}`);
  }
}
