// Which model is meant: that of a run, or one in a file.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { FormatError, InputError, NotFoundError } from '../../lib/base/errors.ts';
import { readModel } from '../../lib/export/formats.ts';
import type { Model } from '../../lib/forest/model.ts';
import { checkRunId, runKeys } from '../../lib/store/keys.ts';
import { type BackendFlags, type OpenStore, openStore } from '../backend/backend.ts';

/** The store of a backend, opened on first use. */
export class LazyStore {
  readonly #backend: BackendFlags;
  #opened: Promise<OpenStore> | undefined;

  constructor(backend: BackendFlags) {
    this.#backend = backend;
  }

  open(): Promise<OpenStore> {
    this.#opened ??= openStore(this.#backend);
    return this.#opened;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened) await (await opened).close();
  }
}

/**
 * A model by the ID of its run, or from an .arvo or .onnx file.
 *
 * @throws {InputError} when it is neither
 */
export async function findModel(name: string, lazy: LazyStore): Promise<Model> {
  if (existsSync(name)) {
    const bytes = await readFile(name);
    try {
      return readModel(bytes);
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      throw new InputError(`${name} cannot be read as a model (.arvo or .onnx): ${cause.message}`, { cause });
    }
  }
  if (/[./\\]/.test(name)) throw new InputError(`file ${name} does not exist`);
  return runModel(name, lazy);
}

/** @throws {InputError} when the run has no model */
export async function runModel(runId: string, lazy: LazyStore): Promise<Model> {
  checkRunId(runId);
  const { store } = await lazy.open();
  try {
    return readModel(await store.get(runKeys(runId).model));
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new InputError(`run ${runId} has no model here; check that it is done, and --on and --data-dir`, {
      cause: error,
    });
  }
}
