import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { encodeColumns, quantileEdges } from '../../../lib/forest/bins.ts';
import { growForest } from '../../../lib/forest/grow-forest.ts';
import { FOREST_DEFAULTS, type ForestParams, resolveMaxFeatures } from '../../../lib/forest/params.ts';
import { tableOfRows } from '../../../lib/forest/training-table.ts';
import { LEAF, type Tree } from '../../../lib/forest/tree.ts';
import { TreeRandom } from '../../../lib/forest/tree-random.ts';
import { growTwin, randomTable, type Table } from './tables.ts';

/** A node as the plain twin has it: class counts for a leaf, else a cut and its children. */
type PlainNode = { counts: number[] } | { feature: number; cut: number; left: PlainNode; right: PlainNode };

/** A tree grown the plain way: recursion, whole histograms, no shortcuts; only the random draws are shared. */
function growPlainly({ rows, numClasses, edges }: Table, params: ForestParams, treeIndex: number): PlainNode {
  const { numRows, columns, labels } = rows;
  const drawn = new Array<number>(numRows).fill(params.bootstrap ? 0 : 1);
  const bootstrap = new TreeRandom().start(params.seed, STREAM.bootstrap, treeIndex);
  if (params.bootstrap) for (let i = 0; i < numRows; i++) drawn[bootstrap.nextBelow(numRows)]++;
  const random = new TreeRandom().start(params.seed, STREAM.tree, treeIndex);
  const order = Array.from(edges, (_, feature) => feature);
  const maxFeatures = resolveMaxFeatures(params.maxFeatures, edges.length);

  function countClasses(members: number[]): number[] {
    const counts = new Array<number>(numClasses).fill(0);
    for (const row of members) counts[labels[row]] += drawn[row];
    return counts;
  }

  function score(left: number[], total: number[]): number {
    const right = total.map((count, k) => count - left[k]);
    const [numLeft, numRight] = [sum(left), sum(right)];
    if (numClasses <= 2) {
      const difference = (left[1] ?? 0) * sum(total) - (total[1] ?? 0) * numLeft;
      return (difference * difference) / (numLeft * numRight);
    }
    return sum(left.map((count) => count * count)) / numLeft + sum(right.map((count) => count * count)) / numRight;
  }

  function grow(members: number[], depth: number): PlainNode {
    const total = countClasses(members);
    const isPure = total.filter((count) => count > 0).length === 1;
    const minRows = Math.max(params.minSamplesSplit, 2 * params.minSamplesLeaf);
    if (isPure || depth === params.maxDepth || members.length < minRows) return { counts: total };
    let best = { score: -1, feature: -1, cut: -1 };
    let hasVaried = false;
    for (let i = 0; i < order.length && (i < maxFeatures || !hasVaried); i++) {
      // the features of a node are drawn before any is looked at, which matters to no later draw
      const swap = i + random.nextBelow(order.length - i);
      [order[i], order[swap]] = [order[swap], order[i]];
      const column = columns[order[i]];
      const byCode = new Map<number, number[]>();
      for (const row of members) {
        if (!byCode.has(column[row])) byCode.set(column[row], []);
        byCode.get(column[row])!.push(row);
      }
      const codes = [...byCode.keys()].sort((a, b) => a - b);
      if (codes.length > 1) hasVaried = true;
      const left = new Array<number>(numClasses).fill(0);
      let numLeftRows = 0;
      for (let c = 0; c + 1 < codes.length; c++) {
        for (const [k, count] of countClasses(byCode.get(codes[c])!).entries()) left[k] += count;
        numLeftRows += byCode.get(codes[c])!.length;
        if (Math.min(numLeftRows, members.length - numLeftRows) < params.minSamplesLeaf) continue;
        const candidate = score(left, total);
        if (candidate > best.score) {
          best = { score: candidate, feature: order[i], cut: Math.floor((codes[c] + codes[c + 1] - 1) / 2) };
        }
      }
    }
    if (best.feature < 0) return { counts: total };
    const { feature, cut } = best;
    const left = grow(
      members.filter((row) => columns[feature][row] <= cut),
      depth + 1,
    );
    const right = grow(
      members.filter((row) => columns[feature][row] > cut),
      depth + 1,
    );
    return { feature, cut, left, right };
  }
  return grow(
    Array.from(drawn.keys()).filter((row) => drawn[row] > 0),
    0,
  );
}

function sum(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** A flat tree in the twin's form. */
function unflatten(tree: Tree, numClasses: number, node = 0): PlainNode {
  const { feature, cut, next, leaves } = tree;
  if (feature[node] !== LEAF) {
    const left = unflatten(tree, numClasses, node + 1);
    return { feature: feature[node], cut: cut[node], left, right: unflatten(tree, numClasses, next[node]) };
  }
  assert.equal(cut[node], 0);
  const counts = new Array<number>(numClasses).fill(0);
  for (let i = leaves.start[next[node]]; i < leaves.start[next[node] + 1]; i++)
    counts[leaves.classes[i]] = leaves.counts[i];
  return { counts };
}

function assertLikePlain(table: Table, options: Partial<ForestParams>, treeStart = 0, treeEnd = 2): void {
  const params = { ...FOREST_DEFAULTS, ...options };
  const trees = growTwin(table, params, [treeStart, treeEnd]);
  for (const [i, tree] of trees.entries()) {
    assert.deepEqual(unflatten(tree, table.numClasses), growPlainly(table, params, treeStart + i));
  }
}

test('grown trees equal those of a plain twin on 400 random tables, of any shape and with any options', () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = new RandomStream(seed, 3);
    const pick = <T>(...values: T[]): T => values[random.nextBelow(values.length)];
    const numRows = pick(1, 2, 3, 10, 30, 100, 250);
    const numFeatures = pick(1, 2, 3, 4, 5, 9, 20, 33, 70);
    const table = randomTable(seed, numRows, numFeatures, pick(1, 2, 2, 2, 3, 10));
    assertLikePlain(table, {
      seed,
      maxFeatures: pick<ForestParams['maxFeatures']>('sqrt', 'sqrt', 'log2', null, 1, 0.3),
      maxDepth: pick(null, null, 1, 3),
      minSamplesSplit: pick(2, 2, 5),
      minSamplesLeaf: pick(1, 1, 1, 2, 7),
      bootstrap: pick(true, true, false),
    });
  }
});

test('nodes of thousands of rows, of 65,536 samples and of more equal the plain twin', () => {
  for (const numRows of [3000, 65_535, 65_536, 70_000]) {
    assertLikePlain(randomTable(numRows, numRows, 5, 2), { maxDepth: 3, bootstrap: false }, 0, 1);
  }
  assertLikePlain(randomTable(1, 70_000, 5, 2), { maxDepth: 3 }, 0, 1);
  assertLikePlain(randomTable(2, 3000, 5, 2), { minSamplesLeaf: 5 }, 0, 1);
  assertLikePlain(randomTable(3, 3000, 5, 7), {}, 0, 1);
});

test('tables may have 1,000 features and 1,000 classes', () => {
  assertLikePlain(randomTable(4, 40, 1000, 2), {});
  assertLikePlain(randomTable(5, 300, 6, 1000), {});
});

test('tree i is the same in any group of trees, and differs for another seed', () => {
  const table = randomTable(6, 200, 8, 2);
  const grow = (seed: number, start: number, end: number) =>
    growTwin(table, { ...FOREST_DEFAULTS, seed }, [start, end]);
  const all = grow(1, 0, 7);
  assert.deepEqual([...grow(1, 0, 2), ...grow(1, 2, 3), ...grow(1, 3, 7)], all);
  assert.notDeepEqual(grow(2, 0, 7), all);
  assert.notDeepEqual(all[0], all[1]);
});

test('a cut without gain is still made, so that a forest learns exclusive or', () => {
  const columns = [Uint8Array.of(0, 0, 1, 1), Uint8Array.of(0, 1, 0, 1)];
  const rows = { numRows: 4, rowIndex: Uint32Array.of(0, 1, 2, 3), columns, labels: Uint16Array.of(0, 1, 1, 0) };
  const edges = [Float32Array.of(0.5), Float32Array.of(0.5)];
  const [tree] = growTwin({ rows, numClasses: 2, edges }, { ...FOREST_DEFAULTS, bootstrap: false }, [0, 1]);
  assert.equal(tree.numNodes, 7);
});

test('a cut lies halfway between the codes that it separates', () => {
  const rows = {
    numRows: 2,
    rowIndex: Uint32Array.of(0, 1),
    columns: [Uint8Array.of(3, 8)],
    labels: Uint16Array.of(0, 1),
  };
  const edges = [Float32Array.from({ length: 10 }, (_, i) => i)];
  const [tree] = growTwin({ rows, numClasses: 2, edges }, { ...FOREST_DEFAULTS, bootstrap: false }, [0, 1]);
  assert.equal(tree.cut[0], 5);
});

// From scikit-learn 1.9.1: DecisionTreeClassifier(random_state=s) gives this one tree for s from 0 to 39, so its cuts
// have no ties. Nodes are in preorder there too.
const SCIKIT_TREES = [
  {
    options: {},
    columns: [
      [4, 21, 19, 27, 23, 18, 25, 2, 3, 4, 12, 15, 28, 2, 4, 9, 20, 21, 2, 25, 22, 21, 8, 26],
      [0, 26, 17, 2, 0, 27, 1, 11, 21, 16, 24, 0, 16, 16, 24, 7, 15, 0, 9, 29, 26, 21, 10, 7],
      [17, 16, 27, 14, 3, 11, 15, 2, 4, 21, 28, 10, 9, 20, 28, 29, 8, 3, 11, 16, 26, 21, 27, 29],
    ],
    labels: [0, 1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1],
    feature: [0, 1, LEAF, 0, LEAF, LEAF, 2, 0, LEAF, LEAF, LEAF],
    leaves: [
      [8, 0],
      [0, 1],
      [1, 0],
      [0, 1],
      [1, 0],
      [0, 12],
    ],
    rootThreshold: 13.5,
  },
  {
    options: { minSamplesLeaf: 2, maxDepth: 4 },
    columns: [
      [10, 3, 0, 19, 25, 21, 0, 29, 24, 26, 2, 19, 8, 29, 27, 11, 15, 20, 14, 23, 0, 20, 24, 29],
      [24, 24, 21, 10, 9, 23, 20, 7, 26, 22, 28, 26, 14, 10, 7, 1, 16, 17, 20, 22, 9, 5, 7, 14],
      [25, 8, 29, 11, 10, 6, 12, 14, 17, 2, 1, 5, 1, 24, 24, 27, 5, 21, 28, 0, 18, 24, 5, 1],
    ],
    labels: [2, 1, 0, 1, 2, 2, 0, 2, 2, 2, 1, 2, 0, 1, 0, 1, 1, 2, 1, 2, 0, 1, 1, 2],
    feature: [0, LEAF, 0, 0, 0, LEAF, LEAF, LEAF, 1, 0, LEAF, LEAF, LEAF],
    leaves: [
      [3, 0, 0],
      [0, 2, 0],
      [1, 0, 1],
      [0, 3, 0],
      [0, 3, 0],
      [1, 1, 2],
      [0, 0, 7],
    ],
    rootThreshold: 1,
  },
];

for (const [i, reference] of SCIKIT_TREES.entries()) {
  test(`scikit-learn's tree is grown on reference table ${i}`, () => {
    const columns = reference.columns.map((column) => Float32Array.from(column));
    const edges = columns.map((column) => quantileEdges(column));
    const labels = Uint16Array.from(reference.labels);
    const rows = {
      numRows: labels.length,
      rowIndex: Uint32Array.from(labels.keys()),
      columns: encodeColumns(columns, edges),
      labels,
    };
    const numClasses = reference.leaves[0].length;
    const params = { ...FOREST_DEFAULTS, bootstrap: false, maxFeatures: null, ...reference.options };
    const [tree] = growTwin({ rows, numClasses, edges }, params, [0, 1]);
    assert.deepEqual([...tree.feature], reference.feature);
    assert.equal(edges[tree.feature[0]][tree.cut[0]], reference.rootThreshold);
    const leaves = [...tree.feature.keys()].filter((node) => tree.feature[node] === LEAF);
    const counts = leaves.map((node) => (unflatten(tree, numClasses, node) as { counts: number[] }).counts);
    assert.deepEqual(counts, reference.leaves);
  });
}

test('invalid rows are rejected before any tree grows', () => {
  const { rows, edges, numClasses } = randomTable(7, 10, 3, 2);
  const grow = (changed: Partial<Table['rows']>, changedEdges = edges, classes = numClasses) => {
    const table = tableOfRows({ ...rows, ...changed }, changedEdges, classes);
    growForest({ table, params: FOREST_DEFAULTS, treeStart: 0, treeEnd: 1 });
  };
  const error = (message: string) => ({ name: 'InputError', message });
  assert.throws(() => grow({ numRows: 0 }), error('number of training rows must be from 1 to 2147483647, got 0'));
  assert.throws(() => grow({ labels: new Uint16Array(10).fill(2) }), error('row 0: label must be from 0 to 1, got 2'));
  const columns = rows.columns.slice(1);
  assert.throws(() => grow({ columns }), error('training rows must have a column for each of 3 features, got 2'));
  const nines = rows.columns.map(() => new Uint8Array(10).fill(9));
  const eightEdges = edges.map(() => new Float32Array(8));
  assert.throws(() => grow({ columns: nines }, eightEdges), error('feature 0: code must be from 0 to 8, got 9'));
  assert.throws(() => grow({ columns: [] }, []), error('number of features must be from 1 to 65535, got 0'));
  assert.throws(() => grow({}, edges, 0), error('number of classes must be from 1 to 65535, got 0'));
});
