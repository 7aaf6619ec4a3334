// Options from a file and from the environment: below the flags, above the defaults.

import type { EventEmitter } from 'node:events';
import type { Command, Option } from 'commander';
import { closest } from 'fastest-levenshtein';
import { isObject } from '../../lib/base/check.ts';
import { InputError } from '../../lib/base/errors.ts';
import { quote } from '../../lib/base/quote.ts';
import type { ConfigFile } from './file.ts';
import { parseValue } from './values.ts';

/** A value that overrides an option's default, and its source. */
export interface Setting {
  source: 'file' | 'environment';
  /** Path of the file, with the command where its part says so; or the variable. */
  by: string;
  value: unknown;
}

const PREFIX = 'ARVOREDO_';
/** Variables that are not options of a command. */
const OTHER_VARIABLES = ['ARVOREDO_CONFIG', 'ARVOREDO_DEBUG'];

/** The options of a command by the names that a file calls them by: `chunkSize` for `--chunk-size`. */
export function groupOptions(command: Command): Map<string, Option[]> {
  const options = new Map<string, Option[]>();
  for (const option of command.options) {
    const name = option.attributeName();
    options.set(name, [...(options.get(name) ?? []), option]);
  }
  return options;
}

/** `chunkSize` as the environment has it: `ARVOREDO_CHUNK_SIZE`. */
export function variableName(name: string): string {
  return `${PREFIX}${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/**
 * What file and environment say of the options of one command. In a file, options stand at the top for all commands that
 * have them, or below the name of a command for it alone, which goes before.
 *
 * @param commands all of them: a name must be known to one
 * @throws {InputError} on a name that nothing has, and on a value that the option does not take
 */
export function readSettings(
  command: Command,
  commands: readonly Command[],
  file: ConfigFile | undefined,
  env = process.env,
): Map<string, Setting> {
  const settings = new Map<string, Setting>();
  const options = groupOptions(command);
  if (file) {
    checkNames(file, commands);
    const isPart = (name: string, value: unknown) => isObject(value) && commands.some((each) => each.name() === name);
    const own = Object.entries(file.values).find(([name, value]) => name === command.name() && isPart(name, value));
    const parts = [
      [file.path, Object.entries(file.values).filter(([name, value]) => !isPart(name, value))],
      [`${file.path}, ${command.name()}`, Object.entries(own?.[1] ?? {})],
    ] as const;
    for (const [by, values] of parts) {
      for (const [name, given] of values) {
        const known = options.get(name);
        if (!known || given === undefined) continue;
        settings.set(name, { source: 'file', by, value: parseValue(known, given, `${by}: ${name}`) });
      }
    }
  }
  for (const [name, known] of options) {
    const by = variableName(name);
    const text = env[by];
    if (text === undefined) continue;
    settings.set(name, { source: 'environment', by, value: parseValue(known, text, by) });
  }
  return settings;
}

/** Give settings to a command before it reads its flags. */
export function applySettings(command: Command, settings: ReadonlyMap<string, Setting>): void {
  const emitter = command as unknown as EventEmitter; // which its types don't say
  for (const [name, { source, value }] of settings) {
    command.setOptionValueWithSource(name, value, source === 'file' ? 'config' : 'env');
    // a flag takes its place: what may be given again must not add to it
    for (const option of groupOptions(command).get(name)!) {
      emitter.prependListener(`option:${option.name()}`, () => {
        if (command.getOptionValueSource(name) !== 'cli') command.setOptionValue(name, undefined);
      });
    }
  }
}

/** Variables with our prefix that are not options, each with the nearest valid name. */
export function unknownVariables(commands: readonly Command[], env = process.env): { name: string; nearest: string }[] {
  const known = [
    ...OTHER_VARIABLES,
    ...commands.flatMap((command) => [...groupOptions(command).keys()].map(variableName)),
  ];
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .map((name) => ({ name, nearest: closest(name, known) }));
}

/** The name of a command is that of a part where its value is an object: `dashboard` is a switch of run as well. */
function checkNames({ path, values }: ConfigFile, commands: readonly Command[]): void {
  const byCommand = new Map(commands.map((command) => [command.name(), [...groupOptions(command).keys()]]));
  const all = [...byCommand.values()].flat();
  for (const [name, value] of Object.entries(values)) {
    const own = byCommand.get(name);
    if (own && isObject(value)) {
      for (const option of Object.keys(value)) {
        if (own.includes(option)) continue;
        const nearest = own.length === 0 ? 'it has none' : `did you mean ${closest(option, own)}?`;
        throw new InputError(`${path}: arvoredo ${name} has no option ${quote(option)}; ${nearest}`);
      }
    } else if (!all.includes(name)) {
      throw new InputError(
        own
          ? `${path}: ${name} must be an object of options of arvoredo ${name}, got ${quote(value)}`
          : `${path}: unknown option ${quote(name)}; did you mean ${closest(name, [...all, ...byCommand.keys()])}?`,
      );
    }
  }
}
