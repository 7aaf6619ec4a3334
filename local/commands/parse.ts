// Values of the command line's own options.

import { InvalidArgumentError } from 'commander';

const whole = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  }
  return value;
};

export const port = whole(1, 65_000);
export const workers = whole(1, 1000);
export const rowCount = whole(0, 1000);
export const sandboxes = whole(1, 1_000_000);
export const seed = whole(0, Number.MAX_SAFE_INTEGER);

/** A share, from 0 to 1. */
export function share(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('It must be from 0 to 1.');
  return value;
}
