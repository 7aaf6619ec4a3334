// The command that does a run again: the parameters that differ from the defaults, as `arvoredo run` takes them.

import { GENERATOR_PARAMS, PARAM_NAMES, type ParamName, parseRunParams, type RunParams } from '../plan/params.ts';

/** The word for null, where it isn't `none`. */
const NULL_WORDS: Partial<Record<ParamName, string>> = {
  weights: 'equal',
  shift: 'random',
  scale: 'random',
  maxSamples: 'all',
};

/** Switches that are on without being among the defaults: the generator has them on, and no option says so. */
const BY_GENERATOR = { hypercube: true, shuffleSamples: true };

/** Options of data that have the name of one of a generator. */
const OPTION_OF: Partial<Record<ParamName, string>> = { columns: 'features', weightColumn: 'weights' };

/** @param params all of a run's parameters, as its report has them */
export function runCommandOf(params: RunParams): string {
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
  const follows = (name: ParamName) => data !== undefined && GENERATOR_PARAMS.includes(name);
  const words = PARAM_NAMES.filter(
    (name) =>
      params[name] !== undefined && !follows(name) && JSON.stringify(params[name]) !== JSON.stringify(preset[name]),
  ).flatMap((name) => (name === 'data' ? data!.map((path) => `--data ${quote(path)}`) : flag(name, params[name])));
  return ['npm run arvoredo -- run', ...words].join(' ');
}

function flag(name: ParamName, value: unknown): string {
  const kebab = (OPTION_OF[name] ?? name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (typeof value === 'boolean') return value ? `--${kebab}` : `--no-${kebab}`;
  return `--${kebab} ${quote(writeOption(name, value))}`;
}

/** A value as its option takes it; of a switch `true` or `false`. */
export function writeOption(name: ParamName, value: unknown): string {
  return write(value, NULL_WORDS[name] ?? 'none');
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
