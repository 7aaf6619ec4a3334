// `arvoredo/config`: types for a file of options. Nothing of it is needed: a plain object does as well.

import type { ParamName } from '../../lib/plan/params.ts';

/** What an option can be given as: what its words on the command line say. A list or an object stands for them. */
export type ConfigValue =
  | string
  | number
  | boolean
  | null
  | readonly (string | number)[]
  | Readonly<Record<string, string | number>>;

/**
 * Options by their names in camelCase, for all commands that have them, or below the name of a command for it alone.
 * The parameters of a run are known here, the other options when the file is read.
 */
export type ArvoredoConfig = { readonly [Name in ParamName]?: ConfigValue } & {
  readonly [option: string]: ConfigValue | Readonly<Record<string, ConfigValue>> | undefined;
};

/**
 * Gives back what it is given, so that an editor knows its type.
 *
 * @example
 * ```ts
 * // arvoredo.config.ts
 * import { defineConfig } from 'arvoredo/config';
 * export default defineConfig({ trees: 200, maxDepth: null, runs: { limit: 50 } });
 * ```
 */
export function defineConfig(config: ArvoredoConfig): ArvoredoConfig {
  return config;
}
