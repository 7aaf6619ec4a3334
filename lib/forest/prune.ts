// Minimal cost-complexity pruning.

import type { GrowNode } from './grow-node.ts';

/**
 * Prune the tree to the smallest subtree of minimal cost. The cost is the sum over leaves of their share of the tree's
 * weight times their impurity, plus `alpha` for each leaf. One pass from the leaves up gives the same subtree as
 * cutting the weakest link repeatedly.
 *
 * Source: Breiman et al., "Classification and regression trees", chapter 3.3; scikit-learn 1.9.1, `ccp_alpha`.
 */
export function prune(root: GrowNode, alpha: number): void {
  const inOrder: GrowNode[] = [];
  const waiting = [root];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    inOrder.push(node); // parents before children
    if (node.children) waiting.push(...node.children);
  }
  const costs = new Map<GrowNode, number>();
  for (const node of inOrder.reverse()) {
    const asLeaf = (node.impurity * node.weight) / root.weight + alpha;
    if (node.children === null) {
      costs.set(node, asLeaf);
      continue;
    }
    const asTree = costs.get(node.children[0])! + costs.get(node.children[1])!;
    if (asLeaf <= asTree) node.children = null;
    costs.set(node, Math.min(asLeaf, asTree));
  }
}
