// How a parameter is spelt as a flag.

import { PARAMETERS, TABLE_NAMES } from '../../lib/plan/parameters/table.ts';

const ONLY_OFF = new Set<string>(
  TABLE_NAMES.filter((name) => PARAMETERS[name].isOnByDefault && PARAMETERS[name].helpOn === undefined),
);

/** `chunkSize` as it is written on the command line: `--chunk-size`; of a switch that only turns off, `--no-shuffle`. */
export function toFlag(name: string): string {
  return `--${ONLY_OFF.has(name) ? 'no-' : ''}${toKebab(name)}`;
}

export function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
