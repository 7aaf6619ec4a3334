// The order in which a tree with `maxLeafNodes` is grown.

import type { GrowNode } from './grow-node.ts';

/** A binary heap of the nodes that have a split, with the greatest decrease on top. */
export class Frontier {
  readonly #heap: { node: GrowNode; order: number }[] = [];
  #numPushed = 0;

  push(node: GrowNode): void {
    if (node.split === null) return;
    const heap = this.#heap;
    let at = heap.length;
    heap.push({ node, order: this.#numPushed++ });
    while (at > 0 && this.#isBefore(at, (at - 1) >> 1)) {
      this.#swap(at, (at - 1) >> 1);
      at = (at - 1) >> 1;
    }
  }

  pop(): GrowNode | undefined {
    const heap = this.#heap;
    if (heap.length === 0) return undefined;
    this.#swap(0, heap.length - 1);
    const { node } = heap.pop()!;
    for (let at = 0; ; ) {
      let next = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && this.#isBefore(child, next)) next = child;
      }
      if (next === at) return node;
      this.#swap(at, next);
      at = next;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (first.node.decrease !== second.node.decrease) return first.node.decrease > second.node.decrease;
    return first.order < second.order;
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b], this.#heap[a]];
  }
}
