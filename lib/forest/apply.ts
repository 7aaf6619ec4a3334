// The leaf that each row reaches in each tree, and the path to it.

import { checkColumns, type Forest } from './forest.ts';
import { LEAF } from './tree.ts';
import { encodeRowsWide, TreeWalker } from './walk.ts';

const BLOCK_ROWS = 1024;

/**
 * The leaf of each row in each tree, row-major, shape [numRows, numTrees]: node numbers within the tree, in preorder
 * as in scikit-learn; scikit-learn: `apply`.
 *
 * @throws {RangeError} when columns have another shape than in training
 */
export function applyForest(forest: Forest, columns: readonly Float32Array[]): Uint32Array {
  const numTrees = forest.trees.length;
  const leaves = new Uint32Array(checkColumns(forest, columns) * numTrees);
  forEachBlock(forest, columns, (walkers, codes, rowStart, numRows) => {
    for (const [t, walker] of walkers.entries()) {
      for (let i = 0; i < numRows; i++) {
        leaves[(rowStart + i) * numTrees + t] = walker.leafOf(codes, i * columns.length);
      }
    }
  });
  return leaves;
}

/** The nodes that each row passes, as a sparse matrix of rows and nodes. */
export interface DecisionPaths {
  /** Index in `nodes` of the first entry of each row, then the end of the last row, shape [numRows + 1]. */
  rowStart: Uint32Array;
  /** Nodes passed, ascending within a row; node i of tree t has the number `treeStart[t] + i`. */
  nodes: Uint32Array;
  /** Number of the first node of each tree, then the end of the last tree, shape [numTrees + 1]. */
  treeStart: Uint32Array;
}

/**
 * The nodes from root to leaf of each row in each tree; scikit-learn: `decision_path`.
 *
 * @throws {RangeError} when columns have another shape than in training
 */
export function decisionPaths(forest: Forest, columns: readonly Float32Array[]): DecisionPaths {
  const numRows = checkColumns(forest, columns);
  const treeStart = new Uint32Array(forest.trees.length + 1);
  for (const [t, { numNodes }] of forest.trees.entries()) treeStart[t + 1] = treeStart[t] + numNodes;
  const rowStart = new Uint32Array(numRows + 1);
  const nodes: number[] = [];
  forEachBlock(forest, columns, (walkers, codes, start, blockRows) => {
    for (let i = 0; i < blockRows; i++) {
      for (const [t, walker] of walkers.entries()) {
        const { feature } = forest.trees[t];
        let node = 0;
        nodes.push(treeStart[t]);
        while (feature[node] !== LEAF) {
          node = walker.step(node, codes, i * columns.length);
          nodes.push(treeStart[t] + node);
        }
      }
      rowStart[start + i + 1] = nodes.length;
    }
  });
  return { rowStart, nodes: Uint32Array.from(nodes), treeStart };
}

function forEachBlock(
  forest: Forest,
  columns: readonly Float32Array[],
  visit: (walkers: TreeWalker[], codes: Uint16Array, rowStart: number, numRows: number) => void,
): void {
  const numRows = columns[0]?.length ?? 0;
  const walkers = forest.trees.map((tree) => new TreeWalker(tree, forest.numClasses === 0));
  const codes = new Uint16Array(Math.min(numRows, BLOCK_ROWS) * columns.length);
  for (let rowStart = 0; rowStart < numRows; rowStart += BLOCK_ROWS) {
    const rowEnd = Math.min(rowStart + BLOCK_ROWS, numRows);
    encodeRowsWide(forest, { columns, rowStart, rowEnd }, codes);
    visit(walkers, codes, rowStart, rowEnd - rowStart);
  }
}
