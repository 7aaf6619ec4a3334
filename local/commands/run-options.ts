// The options of `arvoredo run`: the parameters of a run, in kebab-case.

import { type Command, Option } from 'commander';
import { type ParamName, RUN_DEFAULTS } from '../../lib/plan/params.ts';
import { variableOf } from '../config/config.ts';
import { collect, isGiven } from '../config/parse.ts';
import type { NullableParser } from '../config/values.ts';
import { ON_BY_DEFAULT, toFlag, toKebab } from '../output/flags.ts';

interface ParamOption {
  name: ParamName;
  /** Placeholder of the value; without one the option is a switch. */
  value?: string;
  help: string;
  /** @param before what the same option gave already, where it may be given more than once */
  parse?: (text: string, before?: unknown) => unknown;
  /** The word for null. */
  none?: string;
  /** Help of the switch `--name`, where `--no-name` is not all there is. */
  on?: string;
}

/** A number where the text is one; anything else goes on as text, to be refused with the values allowed. */
export function number(text: string): unknown {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

const numbers = (text: string) => text.split(',').map(number);
/** `1,5`, a number for each, or `0:1,3:5`, numbers for some; anything else goes on as text. */
const byPosition = (text: string) => {
  if (!text.includes(':')) return text.includes(',') ? numbers(text) : number(text);
  const pairs = text.split(',').map((pair) => pair.split(':'));
  const isPair = (pair: string[]) => pair.length === 2 && pair.every((part) => part.trim() !== '');
  const isOnce = new Set(pairs.map(([at]) => at.trim())).size === pairs.length;
  return pairs.every(isPair) && isOnce
    ? Object.fromEntries(pairs.map(([at, value]) => [at.trim(), number(value)]))
    : text;
};
const oneOrMore = (text: string) => (text.includes(',') ? numbers(text) : number(text));
/** Names of columns, `a,b`; a name that has a comma is given by its number. */
const names = (text: string) => text.split(',').map((name) => name.trim());
/** A number of features; or names and numbers of columns. */
const countOrNames = (text: string) => (typeof number(text) === 'number' ? number(text) : names(text));
/** Stands for null, which commander takes for an empty value. */
export const NULL = Symbol('null');
const orNull = (nullWord: string, parse: (text: string) => unknown): NullableParser =>
  Object.assign((text: string) => (text === nullWord ? NULL : parse(text)), { nullWord });

const GROUPS: Record<string, ParamOption[]> = {
  'Your data:': [
    {
      name: 'data',
      value: 'PATH',
      help: 'files to learn from: a path, a folder, a pattern or s3://…; may be given again',
      parse: collect,
    },
    { name: 'label', value: 'COLUMN', help: 'column to predict, by name or number from 0' },
    { name: 'drop', value: 'LIST', help: 'columns to leave out', parse: names },
    { name: 'categorical', value: 'LIST', help: 'columns to take as categories, numbers or not', parse: names },
    { name: 'skipRows', value: 'N', help: 'lines before the table of a text file (0)', parse: number },
    {
      name: 'header',
      help: 'the first row has no names, and columns are called 0, 1, …',
      on: 'the first row has the names (where all its cells are texts)',
    },
    {
      name: 'chunkBytes',
      value: 'N',
      help: 'bytes of a file that one task reads (8 MiB, more for large data)',
      parse: number,
    },
  ],
  'Generated data:': [
    { name: 'samples', value: 'N', help: 'rows', parse: number },
    {
      name: 'features',
      value: 'N',
      help: 'columns; with --data a list of those to learn from (all others)',
      parse: countOrNames,
    },
    { name: 'chunkSize', value: 'N', help: 'rows made by one generate task', parse: number },
    {
      name: 'generator',
      value: 'NAME',
      help: "hypercube (scikit-learn's make_classification), logistic (dask-ml's), and of values regression or friedman1 (scikit-learn's make_…)",
    },
    { name: 'informative', value: 'N', help: 'features that the label depends on (2; regression 10)', parse: number },
    { name: 'redundant', value: 'N', help: 'linear combinations of informative ones (2)', parse: number },
    { name: 'repeated', value: 'N', help: 'copies of informative and redundant ones (0)', parse: number },
    { name: 'classes', value: 'N', help: 'number of classes (2)', parse: number },
    { name: 'clustersPerClass', value: 'N', help: 'clusters of each class (2)', parse: number },
    {
      name: 'weights',
      value: 'LIST',
      help: 'share of each class, e.g. 0.9,0.1 (equal); with --data the column with the weight of each row',
      parse: numbers,
      none: 'equal',
    },
    { name: 'flipY', value: 'SHARE', help: 'share of labels drawn anew (0.01)', parse: number },
    { name: 'classSep', value: 'X', help: 'distance between classes (1)', parse: number },
    { name: 'hypercube', help: 'put clusters at random places instead of the vertices' },
    {
      name: 'shift',
      value: 'X',
      help: 'added to the features: a number, a list, or random (0)',
      parse: oneOrMore,
      none: 'random',
    },
    {
      name: 'scale',
      value: 'X',
      help: 'multiplies the features, or logistic weights (1)',
      parse: oneOrMore,
      none: 'random',
    },
    { name: 'shuffleSamples', help: 'keep the rows of a cluster together, and the columns in order' },
    { name: 'noise', value: 'X', help: 'of values: standard deviation of their noise (0)', parse: number },
    { name: 'bias', value: 'X', help: 'regression: added to each value (0)', parse: number },
    { name: 'withReplacement', help: 'logistic: let a feature be chosen twice, as dask-ml does' },
  ],
  'Split:': [
    { name: 'testSize', value: 'X', help: 'share or count of the rows held out', parse: number },
    {
      name: 'validationSize',
      value: 'X',
      help: 'share or count of the rows to score besides, neither learnt from nor tested on',
      parse: number,
    },
    { name: 'stratify', help: 'hold out the same share of each class, exactly' },
    { name: 'group', value: 'COLUMN', help: 'with --data: keep rows of one group on one side' },
    { name: 'time', value: 'COLUMN', help: 'with --data: hold out the latest rows' },
    {
      name: 'hashBy',
      value: 'COLUMN',
      help: 'with --data: by the hash of a key, so that no row changes sides as data grow',
    },
    { name: 'side', value: 'COLUMN', help: 'with --data: as the column says, train or test, 0 or 1' },
    {
      name: 'folds',
      value: 'N',
      help: 'cross-validate as well: hold out each of N parts of the training rows once',
      parse: number,
    },
    { name: 'shuffle', help: 'hold out the last rows instead of random ones' },
  ],
  'Forest:': [
    {
      name: 'task',
      value: 'NAME',
      help: 'classification, or regression: the label is a value; follows from the generator',
    },
    { name: 'trees', value: 'N', help: 'number of trees', parse: number },
    {
      name: 'maxFeatures',
      value: 'X',
      help: 'features tried per node: sqrt, log2, all, a share or a count (sqrt; regression all)',
      // all features in scikit-learn, one here: too alike
      parse: (text) => (/^1\.0*$/.test(text) ? text : number(text)),
    },
    { name: 'maxDepth', value: 'N', help: 'greatest depth', parse: number, none: 'none' },
    {
      name: 'minSamplesSplit',
      value: 'X',
      help: 'fewest rows of a node that is split, a count or a share',
      parse: number,
    },
    { name: 'minSamplesLeaf', value: 'X', help: 'fewest rows of a leaf, a count or a share', parse: number },
    {
      name: 'minWeightFractionLeaf',
      value: 'SHARE',
      help: "least share of a tree's weight in a leaf",
      parse: number,
    },
    {
      name: 'maxLeafNodes',
      value: 'N',
      help: 'most leaves of a tree, best cut first',
      parse: number,
      none: 'none',
    },
    {
      name: 'criterion',
      value: 'NAME',
      help: 'what a cut lowers: gini, entropy or log_loss; of values squared_error, absolute_error or poisson',
      parse: String,
    },
    { name: 'minImpurityDecrease', value: 'X', help: 'least weighted fall of impurity by a cut', parse: number },
    {
      name: 'bootstrap',
      help: 'grow every tree from all rows (the default of --extra-trees)',
      on: 'grow every tree from rows drawn with replacement (the default of others)',
    },
    {
      name: 'maxSamples',
      value: 'X',
      help: 'rows drawn for a tree, a count or a share',
      parse: number,
      none: 'all',
    },
    {
      name: 'classWeight',
      value: 'X',
      help: 'balanced, balanced_subsample, a list 1,5 or class:weight pairs 1:5',
      parse: byPosition,
      none: 'none',
    },
    { name: 'ccpAlpha', value: 'X', help: 'cost of a leaf, for pruning', parse: number },
    {
      name: 'monotonicConstraints',
      value: 'X',
      help: "feature:sign pairs 0:1,3:-1: class 1's probability only rises (1) or falls (-1) with it",
      parse: byPosition,
      none: 'none',
    },
    { name: 'extraTrees', help: 'one random cut per feature, no bootstrap (see --bootstrap)' },
    { name: 'oobScore', help: 'score the forest on the rows that each tree did not see' },
    { name: 'maxBins', value: 'N', help: 'bins per feature, up to 255', parse: number },
    { name: 'engine', value: 'NAME', help: 'arvoredo, or ml-random-forest for small data' },
    { name: 'strategy', value: 'NAME', help: 'auto, gather (one function) or trees (several)' },
  ],
  'Run:': [
    { name: 'workers', value: 'N', help: 'functions at work at once', parse: number },
    { name: 'deadline', value: 'SECONDS', help: 'longest time until it is given up', parse: number, none: 'none' },
    { name: 'seed', value: 'N', help: 'the same seed gives the same bytes', parse: number },
  ],
};

export function addRunOptions(command: Command): void {
  for (const [heading, options] of Object.entries(GROUPS)) {
    for (const { name, value, help, parse, none, on } of options) {
      const option = new Option(
        `--${ON_BY_DEFAULT.has(name) ? 'no-' : ''}${toKebab(name)}${value ? ` <${value}>` : ''}`,
      );
      const preset = value === undefined ? undefined : presetOf(name, none);
      option.description = preset === undefined ? help : `${help} (${preset})`;
      option.defaultValueDescription = preset; // told by arvoredo config; help has it in the description
      option.helpGroup(heading);
      if (parse) option.argParser(none === undefined ? parse : orNull(none, parse));
      if (on) command.addOption(new Option(toFlag(name), on).helpGroup(heading));
      command.addOption(option);
    }
  }
}

function presetOf(name: ParamName, none: string | undefined): string | undefined {
  const preset = (RUN_DEFAULTS as Record<string, unknown>)[name];
  return preset === undefined ? undefined : String(preset ?? none);
}

/** The parameters that were given, and only those. */
export function givenParams(command: Command): Record<string, unknown> {
  const names = Object.values(GROUPS).flatMap((options) => options.map(({ name }) => name));
  const given = names.filter((name) => isGiven(command, name));
  return Object.fromEntries(
    given
      .map((name) => [name, command.getOptionValue(name)])
      .map(([name, value]) => [name, value === NULL ? null : value]),
  );
}

/** Of parameters, those that a flag says: what file and environment say are defaults, and no demand on a run that exists. */
export function flaggedParams(command: Command, given: Record<string, unknown>): string[] {
  const optionOf: Record<string, string> = { columns: 'features', weightColumn: 'weights', search: 'grid' };
  return Object.keys(given).filter((name) => command.getOptionValueSource(optionOf[name] ?? name) === 'cli');
}

/** How to call a parameter in an error, so that whoever wrote it finds it. */
export function nameIn(command: Command): (name: string) => string {
  return (name) => {
    const source = command.getOptionValueSource(name);
    if (source === 'config') return `${name} of the file of options`;
    return source === 'env' ? variableOf(name) : toFlag(name);
  };
}

/** A value of a parameter, as its option takes it; of a switch `true` or `false`. */
export function parseValue(name: ParamName, text: string): unknown {
  const { parse, none, value } = Object.values(GROUPS).flat().find((option) => option.name === name)!; // biome-ignore format: one line
  if (value === undefined) return text === 'true' ? true : text === 'false' ? false : text;
  if (none !== undefined && text === none) return null;
  return parse ? parse(text) : text;
}

/** What stands for null in an option's value. */
export function wordForNull(param: ParamName): string {
  return (
    Object.values(GROUPS)
      .flat()
      .find(({ name }) => name === param)?.none ?? 'left out'
  );
}
