// arvoredo config: what each option is, and who says so.

import { type Command, Command as NewCommand } from 'commander';
import { closest, distance } from 'fastest-levenshtein';
import { InputError } from '../../lib/base/errors.ts';
import { number } from '../../lib/plan/parameters/text.ts';
import { applySettings, groupOptions, readSettings, type Setting, unknownVariables } from '../config/config.ts';
import { readConfig } from '../config/file.ts';
import { colours } from '../output/colours.ts';
import { tableLines } from '../output/table.ts';
import { addJsonOption, checkJson, print } from './output.ts';
import { NULL } from './run-options.ts';

/** An option of a command, and where its value is from. */
export interface ConfigValue {
  /** As the file of options calls it: `trees`; `plan.trees` where a command differs from most. */
  name: string;
  /** Null where nothing is said and the default depends on the data, or is none. */
  value: unknown;
  source: 'default' | Setting['source'] | 'flag';
  /** The file, the variable or the flag. */
  by: string | null;
  commands: string[];
}

export interface Config {
  /** The file of options; null where there is none. */
  file: string | null;
  values: ConfigValue[];
  /** Variables that look like options and are none. */
  unknownVariables: { name: string; nearest: string }[];
}

export function configCommand(): Command {
  const command = new NewCommand('config')
    .description('Show each option, its value and its source: default, file, environment or flag.')
    .argument('[COMMAND]', 'command whose options to show (all)')
    .argument('[FLAGS...]', 'flags of the command, to see their effect')
    .allowUnknownOption();
  return addJsonOption(command).action(
    async (name: string | undefined, flags: string[], { json }: { json?: string }) => {
      await checkJson(json);
      const program = command.parent!;
      const file = await readConfig(program.opts().config);
      const chosen = name === undefined ? program.commands : [findCommand(program, name)];
      const values = chosen.flatMap((each) => listValues(each, readSettings(each, program.commands, file), flags));
      const config: Config = {
        file: file?.path ?? null,
        values: name === undefined ? mergeValues(values) : values,
        unknownVariables: unknownVariables(program.commands),
      };
      await print(json, config, describeConfig(config));
    },
  );
}

const MOST_TYPOS = 2;

function findCommand(program: Command, name: string): Command {
  const found = program.commands.find((each) => each.name() === name);
  if (found) return found;
  if (name.startsWith('-')) throw new InputError(`${name} must follow a command, as in arvoredo config run ${name}`);
  const nearest = closest(
    name,
    program.commands.map((each) => each.name()),
  );
  const hint = distance(name, nearest) <= MOST_TYPOS ? `did you mean ${nearest}?` : 'arvoredo --help lists them';
  throw new InputError(`unknown command ${name}; ${hint}`);
}

function listValues(command: Command, settings: Map<string, Setting>, flags: string[]): ConfigValue[] {
  applySettings(command, settings);
  const { operands, unknown } = command.parseOptions(flags);
  const [stray] = [...unknown, ...operands];
  if (stray !== undefined) throw new InputError(`arvoredo ${command.name()} has no option ${stray}`);
  return [...groupOptions(command)].map(([name, options]) => {
    const source = command.getOptionValueSource(name);
    const setting = settings.get(name);
    const commands = [command.name()];
    if (source === 'cli')
      return { name, value: plain(command.getOptionValue(name)), source: 'flag', by: options[0].long!, commands };
    if (setting) return { name, value: plain(setting.value), source: setting.source, by: setting.by, commands };
    const [{ defaultValueDescription }] = options;
    const unset = options.length === 1 && options[0].isBoolean() ? false : null; // an unset switch
    const preset = defaultValueDescription === undefined ? unset : number(defaultValueDescription);
    const value = command.getOptionValue(name) ?? preset;
    return { name, value, source: 'default', by: null, commands };
  });
}

const plain = (value: unknown) => (value === NULL ? null : value);

/** One line for commands that have an option alike; those that differ from most get the command in front of the name. */
function mergeValues(values: readonly ConfigValue[]): ConfigValue[] {
  const byName = groupBy(values, ({ name }) => name);
  return byName.flatMap((same) => {
    const alike = groupBy(same, ({ value, source, by }) => JSON.stringify([value, source, by]));
    const most = Math.max(...alike.map((group) => group.length));
    const common = alike.find((group) => group.length === most)!;
    const others = alike.filter((group) => group !== common).flat();
    return [
      { ...common[0], commands: common.flatMap(({ commands }) => commands) },
      ...others.map((one) => ({ ...one, name: `${one.commands[0]}.${one.name}` })),
    ];
  });
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

function describeConfig({ file, values, unknownVariables: unknown }: Config): string {
  const rows = values.map(({ name, value, source, by }) => [
    name,
    value === null && source === 'default' ? '' : show(value),
    by ?? source,
  ]);
  return [
    `${colours.dim('file')} ${file ?? 'none: arvoredo.config.ts, .mts, .js, .mjs or .json would be it'}`,
    ...tableLines([['option', 'value', 'from'], ...rows], 3),
    ...unknown.map(({ name, nearest }) => colours.yellow(`${name} is not an option; did you mean ${nearest}?`)),
  ].join('\n');
}

function show(value: unknown): string {
  if (value === null) return 'none';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
