// The options of a search: `search` of a run's parameters, as it is written on the command line.

import { type Command, Option } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { SEARCHED } from '../../lib/plan/parameters/table.ts';
import { number } from '../../lib/plan/parameters/text.ts';
import { scoringNames } from '../../lib/plan/search/scoring.ts';
import { HALVING_DEFAULTS } from '../../lib/plan/search/spec.ts';
import { toFlag } from '../output/flags.ts';
import { parseValue } from './run-options.ts';

/** The flags of `addSearchOptions`. */
export interface SearchFlags {
  grid?: Record<string, unknown>;
  random?: unknown;
  scoring?: string;
  halving?: true;
  factor?: unknown;
  resource?: string;
  minResources?: unknown;
  maxResources?: unknown;
  aggressiveElimination?: true;
}

const HALVING = ['factor', 'resource', 'minResources', 'maxResources', 'aggressiveElimination'] as const;

export function addSearchOptions(command: Command): Command {
  const { factor, resource, minResources } = HALVING_DEFAULTS;
  const options: [flags: string, help: string, parse?: (text: string, before?: never) => unknown][] = [
    [
      '--grid <NAME=VALUES>',
      'values of a forest option: max-depth=5,10,none, or a range to draw from: max-depth=2..20, min-samples-leaf=1..100:log; repeatable',
      collectGrid,
    ],
    ['--random <N>', 'try N candidates drawn from the grid, not all', number],
    [
      '--scoring <NAME>',
      `score to rank by: ${scoringNames('classification').join(', ')} (accuracy); with --task regression: ${scoringNames('regression').join(', ')} (r2)`,
    ],
    ['--halving', 'drop the worse candidates in rounds, each with more rows or trees'],
    ['--factor <X>', `with --halving: keep one of X, with X times as much (${factor})`, number],
    ['--resource <NAME>', `with --halving: what grows each round, rows or trees (${resource})`],
    [
      '--min-resources <N>',
      `with --halving: resources of the first round: N, smallest, or exhaust (the last round has all) (${minResources})`,
      number,
    ],
    ['--max-resources <N>', 'with --halving: maximum of the last round (all)', number],
    ['--aggressive-elimination', 'with --halving: repeat the first round until few enough are left'],
  ];
  for (const [flags, help, parse] of options) {
    const option = new Option(flags, help).helpGroup('Search:');
    if (parse) option.argParser(parse as (text: string, before: unknown) => unknown);
    command.addOption(option);
  }
  return command;
}

/**
 * `search` of the parameters; undefined when no option asks for one.
 *
 * @throws {InputError} on options that have no meaning without others
 */
export function givenSearch(command: Command): Record<string, unknown> | undefined {
  const flags = command.opts<SearchFlags>();
  const { grid, random, scoring } = flags;
  const ofHalving = HALVING.filter((name) => flags[name] !== undefined);
  if (ofHalving.length > 0 && !flags.halving) throw new InputError(`${toFlag(ofHalving[0])} requires --halving`);
  if (!grid) {
    const stray = (['random', 'scoring', 'halving'] as const).find((name) => flags[name] !== undefined);
    if (stray) throw new InputError(`${toFlag(stray)} requires --grid`);
    return undefined;
  }
  const halving = ofHalving.length > 0 ? Object.fromEntries(ofHalving.map((name) => [name, flags[name]])) : true;
  return { grid, random, scoring, ...(flags.halving && { halving }) };
}

/** `max-depth=5,10,none`: a list of values, each as the option takes it; `|` divides values that have commas. */
function collectGrid(text: string, before?: Record<string, unknown>): Record<string, unknown> {
  const at = text.indexOf('=');
  const flag = at < 0 ? text : text.slice(0, at);
  const name = SEARCHED.find((one) => toFlag(one) === `--${flag.trim().replace(/^--/, '')}` || one === flag.trim());
  if (!name) {
    const known = SEARCHED.map((one) => toFlag(one).slice(2)).join(', ');
    throw new InputError(`--grid ${text}: ${flag || 'nothing'} is none of the options that can be searched: ${known}`);
  }
  if (before && Object.hasOwn(before, name))
    throw new InputError(`--grid gives ${flag} twice; give all its values at once`);
  const values = at < 0 ? '' : text.slice(at + 1).trim();
  if (values === '') throw new InputError(`--grid ${flag} has no values; give some, as in ${flag}=1,2`);
  const range = /^(.+?)\.\.(.+?)(:log)?$/.exec(values);
  return {
    ...before,
    [name]: range
      ? { from: number(range[1]), to: number(range[2]), ...(range[3] && { log: true }) }
      : values.split(values.includes('|') ? '|' : ',').map((value) => parseValue(name, value.trim())),
  };
}
