// The file of options: arvoredo.config.ts and its like.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InputError } from '../../lib/base/errors.ts';
import { either, quote } from '../../lib/base/quote.ts';

const ENDINGS = ['ts', 'mts', 'js', 'mjs', 'json'];
const NAMES = ENDINGS.map((ending) => `arvoredo.config.${ending}`);

/** What a file says, not checked yet. */
export interface ConfigFile {
  /** As it was named, or found. */
  path: string;
  values: Record<string, unknown>;
}

/**
 * Read the file of options: the one that is named, or the one of a folder. A file that is not JSON is a module, whose
 * default export is taken: it is run.
 *
 * @param named path; without it the folder is looked at, and nothing above it
 * @returns undefined when the file is missing
 * @throws {InputError} when it cannot be read, is not an object, or the folder has two
 */
export async function readConfig(named: string | undefined, folder = '.'): Promise<ConfigFile | undefined> {
  const path = named ?? findConfig(folder);
  if (path === undefined) return undefined;
  if (!ENDINGS.some((ending) => path.endsWith(`.${ending}`))) {
    throw new InputError(`${path}: a file of options must end in .${either(ENDINGS).replaceAll(/(, | or )/g, '$1.')}`);
  }
  if (!existsSync(path)) throw new InputError(`${path} cannot be read: no such file`);
  let values: unknown;
  try {
    values = await load(resolve(path));
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new InputError(
      `${path} must give an object of options, as its default export where it is a module, got ${quote(values)}`,
    );
  }
  return { path, values: values as Record<string, unknown> };
}

function findConfig(folder: string): string | undefined {
  const found = NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1)
    throw new InputError(`${found.join(' and ')} are both here; keep one, or name it with --config`);
  return found[0] && join(folder, found[0]);
}

async function load(path: string): Promise<unknown> {
  if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8'));
  if (/\.m?ts$/.test(path)) {
    // Node 20 knows no TypeScript: the same loader for all versions means the same for all
    const { createJiti } = await import('jiti');
    return createJiti(path, { fsCache: false }).import(path, { default: true });
  }
  return (await import(pathToFileURL(path).href)).default;
}
