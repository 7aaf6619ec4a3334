// Where bytes live. S3 in the cloud and in the emulator, a Map in tests.

import type { Objects } from './objects.ts';

export interface Store {
  /**
   * The bytes under a key.
   *
   * @throws {NotFoundError} when there is none
   */
  get(key: string): Promise<Uint8Array>;
  /**
   * Store bytes under a key that is not taken yet. Two creations of one key: exactly one gives true.
   *
   * @returns false when the key was taken; the bytes there are left as they are
   */
  create(key: string, bytes: Uint8Array, contentType?: string): Promise<boolean>;
  /** Store bytes under a key, replacing what was there. For status that changes, never for a task's output. */
  replace(key: string, bytes: Uint8Array, contentType?: string): Promise<void>;
  /** Keys that begin with `prefix`, in UTF-8 byte order. */
  list(prefix: string): Promise<string[]>;
  /** The distinct parts of keys between `prefix` and the next `/`, in UTF-8 byte order. */
  listFolders(prefix: string): Promise<string[]>;
  /** Remove a key; no error when there is none. */
  remove(key: string): Promise<void>;
}

/** What was asked of S3 since the store was made, for the bill. */
export interface StoreUsage {
  /** PUT, COPY, POST and LIST requests, priced alike. */
  writes: number;
  /** GET and all other requests. */
  reads: number;
  bytesWritten: number;
  bytesRead: number;
}

/** A store on S3 that knows what was asked of it. */
export type MeasuredStore = Store & { readonly usage: StoreUsage; readonly objects: Objects };
