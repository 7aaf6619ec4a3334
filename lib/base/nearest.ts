// The name that was probably meant.

/**
 * The name that takes the fewest changes of a letter to become another; undefined when each takes too many.
 * Source: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
 */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(1, Math.floor(wanted.length / 2)) + 1;
  for (const name of names) {
    const changes = countChanges(wanted.toLowerCase(), name.toLowerCase(), fewest);
    if (changes >= fewest) continue;
    nearest = name;
    fewest = changes;
  }
  return nearest;
}

/** @param enough from here on the number has no say */
function countChanges(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = before[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, before[j] + 1, row[j - 1] + 1));
    }
    before = row;
  }
  return before[b.length];
}
