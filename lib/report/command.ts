// The command that does a run again: the parameters that differ from the defaults, as `arvoredo run` takes them.

import type { Parameter } from '../plan/parameters/parameter.ts';
import { GENERATOR_PARAMS, PARAMETERS, TABLE_NAMES } from '../plan/parameters/table.ts';
import { PARAM_NAMES, type ParamName, parseRunParams, type RunParams } from '../plan/params.ts';

/** Switches that are on unless said otherwise, without a default: the generator has them on. */
const BY_GENERATOR = Object.fromEntries(
  TABLE_NAMES.filter((name) => PARAMETERS[name].generators && PARAMETERS[name].isOnByDefault).map((name) => [
    name,
    true,
  ]),
);

/** @param params all of a run's parameters, as its report has them */
export function repeatCommand(params: RunParams): string {
  const { engine, extraTrees, task, data } = params; // the defaults of others follow from these
  const defaults = parseRunParams({ engine, extraTrees, task });
  const preset: Partial<RunParams> = {
    ...BY_GENERATOR,
    ...defaults,
    engine: 'arvoredo',
    extraTrees: false,
    task: 'classification',
  };
  // of data, what they hold says how many rows and columns there are
  const follows = (name: ParamName) => data !== undefined && GENERATOR_PARAMS.some((one) => one === name);
  const words = PARAM_NAMES.filter(
    (name) =>
      params[name] !== undefined && !follows(name) && JSON.stringify(params[name]) !== JSON.stringify(preset[name]),
  ).flatMap((name) => (name === 'data' ? data!.map((path) => `--data ${quote(path)}`) : flag(name, params[name])));
  return ['npm run arvoredo -- run', ...words].join(' ');
}

function describe(name: ParamName): Parameter | undefined {
  return name === 'search' ? undefined : PARAMETERS[name];
}

function flag(name: ParamName, value: unknown): string {
  const kebab = (describe(name)?.option ?? name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (typeof value === 'boolean') return value ? `--${kebab}` : `--no-${kebab}`;
  return `--${kebab} ${quote(writeOption(name, value))}`;
}

/** A value as its option takes it; of a switch `true` or `false`. */
export function writeOption(name: ParamName, value: unknown): string {
  return write(value, describe(name)?.nullWord ?? 'none');
}

function write(value: unknown, word: string): string {
  if (value === null) return word;
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'object') return Object.entries(value).map(([key, number]) => `${key}:${number}`).join(','); // biome-ignore format: one line
  return String(value);
}

function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
