// JSON objects in a store.

import { FormatError, NotFoundError } from '../base/errors.ts';
import type { Store } from './store.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const CONTENT_TYPE = 'application/json';

const encodeJson = (value: unknown) => encoder.encode(`${JSON.stringify(value, null, 1)}\n`);

/**
 * @throws {NotFoundError} when there is none
 * @throws {FormatError} when it is not JSON
 */
export async function getJson<T>(store: Store, key: string): Promise<T> {
  const text = decoder.decode(await store.get(key));
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new FormatError(`${key} is not JSON; remove it, or choose another run id`, { cause });
  }
}

/** The object, or undefined when there is none. */
export async function findJson<T>(store: Store, key: string): Promise<T | undefined> {
  try {
    return await getJson<T>(store, key);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

/** @returns false when the key was taken */
export function createJson(store: Store, key: string, value: unknown): Promise<boolean> {
  return store.create(key, encodeJson(value), CONTENT_TYPE);
}

export function replaceJson(store: Store, key: string, value: unknown): Promise<void> {
  return store.replace(key, encodeJson(value), CONTENT_TYPE);
}
