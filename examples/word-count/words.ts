// What is counted: runs of letters and digits of any script, in lower case.

export type Counts = Record<string, number>;

export function countWords(text: string): Counts {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export function mergeCounts(parts: readonly Counts[]): Counts {
  const counts = new Map<string, number>();
  for (const part of parts) {
    for (const [word, count] of Object.entries(part)) counts.set(word, (counts.get(word) ?? 0) + count);
  }
  return Object.fromEntries(counts);
}

/** The most frequent words, those of equal count by the alphabet. */
export function commonest(counts: Counts, most: number): [word: string, count: number][] {
  return Object.entries(counts)
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, most);
}
