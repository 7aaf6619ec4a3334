// The options of `arvoredo run`, from the table of its parameters, in kebab-case.

import { type Command, Option } from 'commander';
import { GROUPS } from '../../lib/plan/parameters/parameter.ts';
import { PARAMETERS, RUN_DEFAULTS, TABLE_NAMES, type TableName } from '../../lib/plan/parameters/table.ts';
import { variableName } from '../config/config.ts';
import { isGiven } from '../config/parse.ts';
import type { NullableParser } from '../config/values.ts';
import { toFlag, toKebab } from '../output/flags.ts';

/** Stands for null, which commander takes for an empty value. */
export const NULL = Symbol('null');
const orNull = (nullWord: string, read: (text: string) => unknown): NullableParser =>
  Object.assign((text: string) => (text === nullWord ? NULL : read(text)), { nullWord });

/** Parameters with their own option. */
const OPTIONS = TABLE_NAMES.filter((name) => PARAMETERS[name].option === undefined);

export function addRunOptions(command: Command): void {
  for (const heading of GROUPS) {
    for (const name of OPTIONS) {
      const { group, value, help, read, nullWord, isOnByDefault, helpOn } = PARAMETERS[name];
      if (group !== heading) continue;
      const option = new Option(`--${isOnByDefault ? 'no-' : ''}${toKebab(name)}${value ? ` <${value}>` : ''}`);
      const preset = value === undefined ? undefined : showDefault(name, nullWord);
      option.description = preset === undefined ? help : `${help} (${preset})`;
      option.defaultValueDescription = preset; // for `arvoredo config`: the help text has it in the description
      option.helpGroup(heading);
      if (read) option.argParser(nullWord === undefined ? read : orNull(nullWord, read));
      if (helpOn) command.addOption(new Option(toFlag(name), helpOn).helpGroup(heading));
      command.addOption(option);
    }
  }
}

function showDefault(name: TableName, nullWord: string | undefined): string | undefined {
  const preset = (RUN_DEFAULTS as Record<string, unknown>)[name];
  return preset === undefined ? undefined : String(preset ?? nullWord);
}

/** Only the parameters that were set. */
export function givenParams(command: Command): Record<string, unknown> {
  const given = OPTIONS.filter((name) => isGiven(command, name));
  return Object.fromEntries(
    given
      .map((name) => [name, command.getOptionValue(name)])
      .map(([name, value]) => [name, value === NULL ? null : value]),
  );
}

/** The parameters set by flags: values from the options file and the environment are defaults, which an existing run may ignore. */
export function flaggedParams(command: Command, given: Record<string, unknown>): string[] {
  const optionOf = (name: string) => (name === 'search' ? 'grid' : (PARAMETERS[name as TableName]?.option ?? name));
  return Object.keys(given).filter((name) => command.getOptionValueSource(optionOf(name)) === 'cli');
}

/** The name of a parameter in errors: where the user has set it. */
export function nameIn(command: Command): (name: string) => string {
  return (name) => {
    const source = command.getOptionValueSource(name);
    if (source === 'config') return `${name} of the file of options`;
    return source === 'env' ? variableName(name) : toFlag(name);
  };
}

/** Parse the value of a parameter like its option; a switch takes `true` or `false`. */
export function parseValue(name: TableName, text: string): unknown {
  const { read, nullWord, value } = PARAMETERS[name];
  if (value === undefined) return text === 'true' ? true : text === 'false' ? false : text;
  if (nullWord !== undefined && text === nullWord) return null;
  return read ? read(text) : text;
}

/** The word for null in an option's value. */
export function wordForNull(name: string): string {
  return PARAMETERS[name as TableName]?.nullWord ?? 'left out';
}
