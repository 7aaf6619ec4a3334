// Many keys as a short text: a durable execution remembers a value of 1 MB at most, and 50,000 keys would take 2.

import { deflateSync, inflateSync } from 'node:zlib';

/** Keys as base64 of deflated lines; neighbours differ little, so that some bytes a key are left. No key has a line feed. */
export function packKeys(keys: readonly string[]): string {
  return deflateSync(keys.join('\n')).toString('base64');
}

/** The keys of `packKeys`, in their order. */
export function unpackKeys(packed: string): string[] {
  const text = inflateSync(Buffer.from(packed, 'base64')).toString();
  return text === '' ? [] : text.split('\n');
}
