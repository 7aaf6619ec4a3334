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
