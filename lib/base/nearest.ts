// A suggestion for a misspelled name.

import { distance } from 'fastest-levenshtein';

/**
 * The name that takes the fewest changes of a letter to become another, upper and lower case alike; undefined when each
 * takes more than half as many changes as `wanted` has letters. Of equally near names, the first.
 */
export function nearestName(wanted: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(1, Math.floor(wanted.length / 2)) + 1;
  for (const name of names) {
    const changes = distance(wanted.toLowerCase(), name.toLowerCase());
    if (changes >= fewest) continue;
    nearest = name;
    fewest = changes;
  }
  return nearest;
}
