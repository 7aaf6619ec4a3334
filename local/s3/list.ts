// One page of a listing.

import type { KeyIndex } from './key-index.ts';

export interface PageRequest {
  prefix: string;
  /** Keys are rolled up at the first of these after the prefix; '' for none. */
  delimiter: string;
  /** The page begins after this key or common prefix; '' for the first page. */
  after: string;
  /** Maximum number of keys and common prefixes together, from 0 to 1,000. */
  maxKeys: number;
}

export interface Page {
  keys: string[];
  commonPrefixes: string[];
  /** What the next page begins after; undefined when this is the last page. */
  next?: string;
}

/** Keys and common prefixes in byte order. Skips over the keys that a common prefix rolls up without reading them. */
export function listPage(index: KeyIndex<unknown>, { prefix, delimiter, after, maxKeys }: PageRequest): Page {
  const page: Page = { keys: [], commonPrefixes: [] };
  if (maxKeys === 0) return page;
  let last = '';
  let position = Math.max(index.firstFrom(prefix), after === '' ? 0 : index.firstAfter(after));
  for (;;) {
    const key = index.keyAt(position);
    if (key === undefined || !key.startsWith(prefix)) return page;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    // a page that ended with this common prefix, or inside it, has already given it
    const isGiven = commonPrefix !== undefined && after.startsWith(commonPrefix);
    if (!isGiven) {
      if (page.keys.length + page.commonPrefixes.length === maxKeys) return { ...page, next: last };
      if (commonPrefix === undefined) page.keys.push(key);
      else page.commonPrefixes.push(commonPrefix);
      last = commonPrefix ?? key;
    }
    position = commonPrefix === undefined ? position + 1 : index.firstPast(commonPrefix);
  }
}
