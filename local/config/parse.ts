// Values of the command line's own options.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { integer, numberFrom, type Rule } from '../../lib/base/check.ts';
import { InputError } from '../../lib/base/errors.ts';
import type { ChaosOptions } from '../chaos/draw.ts';

/** A parser of texts for numbers that a rule accepts. */
const numberParser =
  ({ allowed, accepts }: Rule<number>) =>
  (text: string) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!accepts(value)) throw new InvalidArgumentError(`It must be ${allowed}.`);
    return value;
  };

export const integerParser = (least: number, most?: number) => numberParser(integer(least, most));

export const port = integerParser(2, 65_000);
export const workers = integerParser(1, 1000);
export const rowCount = integerParser(0, 1000);
export const sandboxes = integerParser(1, 1_000_000);
export const seed = integerParser(0);

/** Whether an option was set: by a flag, in the environment or in the configuration file. */
export function isGiven(command: Command, name: string): boolean {
  return !['default', undefined].includes(command.getOptionValueSource(name));
}

/** A share, from 0 to 1. */
export const share = numberParser(numberFrom(0, 1));

/** What `addChaosOptions` adds. */
export interface ChaosFlags {
  chaos?: number | true;
  chaosRate: number;
}

const CHAOS_RATE = 0.1;

export function addChaosOptions(command: Command, helpGroup: string): void {
  command
    .addOption(
      new Option('--chaos [SEED]', 'let the emulator inject faults: kills, lost answers, 503s and more (SEED 0)')
        .argParser(seed)
        .helpGroup(helpGroup),
    )
    .addOption(
      new Option('--chaos-rate <SHARE>', 'share of the requests that meet a fault, with --chaos')
        .argParser(share)
        .default(CHAOS_RATE)
        .helpGroup(helpGroup),
    );
}

/** @throws {InputError} when there is a rate without --chaos */
export function parseChaos(command: Command, { chaos, chaosRate }: ChaosFlags): ChaosOptions | undefined {
  if (chaos !== undefined) return { seed: chaos === true ? 0 : chaos, rate: chaosRate };
  if (isGiven(command, 'chaosRate')) throw new InputError('--chaos-rate needs --chaos');
  return undefined;
}
