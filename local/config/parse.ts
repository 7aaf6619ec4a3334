// Values of the command line's own options.

import { type Command, InvalidArgumentError, Option } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import type { ChaosOptions } from '../chaos/draw.ts';

export const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(`It must be an integer from ${least} to ${most}.`);
  }
  return value;
};

export const port = whole(2, 65_000);
export const workers = whole(1, 1000);
export const rowCount = whole(0, 1000);
export const sandboxes = whole(1, 1_000_000);
export const seed = whole(0, Number.MAX_SAFE_INTEGER);

/** Whether an option's value was asked for: by a flag, in the environment or in the file of options. */
export function isGiven(command: Command, name: string): boolean {
  return !['default', undefined].includes(command.getOptionValueSource(name));
}

/** A share, from 0 to 1. */
export function share(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be from 0 to 1.');
  return value;
}

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

/** @throws {InputError} when there is a rate and nothing that it is for */
export function chaosOf(command: Command, { chaos, chaosRate }: ChaosFlags): ChaosOptions | undefined {
  if (chaos !== undefined) return { seed: chaos === true ? 0 : chaos, rate: chaosRate };
  if (isGiven(command, 'chaosRate')) throw new InputError('--chaos-rate needs --chaos beside it');
  return undefined;
}
