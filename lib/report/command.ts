// The command that does a run again: the parameters that differ from the defaults, as `arvoredo run` takes them.

import { PARAM_NAMES, parseRunParams, type RunParams } from '../params.ts';

/** The word for null, where it isn't `none`. */
const NULL_WORDS: Partial<Record<keyof RunParams, string>> = {
  weights: 'equal',
  shift: 'random',
  scale: 'random',
  maxSamples: 'all',
};

/** Switches that are on without being among the defaults: the generator has them on, and no option says so. */
const BY_GENERATOR = { hypercube: true, shuffleSamples: true };

/** @param params all of a run's parameters, as its report has them */
export function runCommandOf(params: RunParams): string {
  const { engine, extraTrees, task } = params; // the defaults of others follow from these
  const defaults = parseRunParams({ engine, extraTrees, task });
  const preset: Partial<RunParams> = {
    ...BY_GENERATOR,
    ...defaults,
    engine: 'arvoredo',
    extraTrees: false,
    task: 'classification',
  };
  const words = PARAM_NAMES.filter(
    (name) => params[name] !== undefined && JSON.stringify(params[name]) !== JSON.stringify(preset[name]),
  ).map((name) => flag(name, params[name]));
  return ['npm run arvoredo -- run', ...words].join(' ');
}

function flag(name: keyof RunParams, value: unknown): string {
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (typeof value === 'boolean') return value ? `--${kebab}` : `--no-${kebab}`;
  return `--${kebab} ${quote(writeOption(name, value))}`;
}

/** A value as its option takes it; of a switch `true` or `false`. */
export function writeOption(name: keyof RunParams, value: unknown): string {
  return write(value, NULL_WORDS[name] ?? 'none');
}

function write(value: unknown, word: string): string {
  if (value === null) return word;
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'object') return Object.entries(value!).map(([key, number]) => `${key}:${number}`).join(','); // biome-ignore format: one line
  return String(value);
}

function quote(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
