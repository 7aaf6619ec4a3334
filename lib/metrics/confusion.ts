// Confusion counts: enough for accuracy and every metric of predicted classes, and merged by addition.

/** Rows of class `label` that were predicted as class `predicted`. */
export type PairCount = [label: number, predicted: number, rows: number];

/** Count the pairs that occur, ordered by label, then by predicted class. */
export function countPairs(labels: ArrayLike<number>, predicted: ArrayLike<number>): PairCount[] {
  if (labels.length !== predicted.length) {
    throw new RangeError(`labels and predictions must be equally many, got ${labels.length} and ${predicted.length}`);
  }
  return merge(Array.from({ length: labels.length }, (_, i) => [labels[i]!, predicted[i]!, 1]));
}

/** Add up counts of several partitions. */
export function mergePairs(partitions: readonly PairCount[][]): PairCount[] {
  return merge(partitions.flat());
}

function merge(pairs: readonly PairCount[]): PairCount[] {
  const counts = new Map<string, PairCount>();
  for (const [label, predicted, rows] of pairs) {
    const key = `${label},${predicted}`;
    const known = counts.get(key);
    if (known) known[2] += rows;
    else counts.set(key, [label, predicted, rows]);
  }
  return [...counts.values()].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
}
