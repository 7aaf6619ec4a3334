import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyForest } from '../../../lib/forest/apply.ts';
import type { Forest } from '../../../lib/forest/forest.ts';
import { growForest } from '../../../lib/forest/grow-forest.ts';
import { featureImportances } from '../../../lib/forest/importances.ts';
import { FOREST_DEFAULTS, type ForestParams } from '../../../lib/forest/params.ts';
import { predictProba, predictValues } from '../../../lib/forest/predict.ts';
import { LEAF } from '../../../lib/forest/tree.ts';
import { REFERENCES, readReference, referenceTable } from './reference.ts';

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
      const trees = growForest({ table, params, treeStart: 0, treeEnd: 1 });
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
