// How a parameter is spelt as a flag.

import type { ParamName } from '../../lib/plan/params.ts';

/** Switches that are on by default are offered as `--no-…`. */
export const ON_BY_DEFAULT = new Set<ParamName>(['hypercube', 'shuffleSamples', 'shuffle', 'bootstrap', 'header']);
/** Those of them that are offered both ways. */
const HAS_BOTH = new Set<ParamName>(['bootstrap', 'header']);

/** `chunkSize` as it is written on the command line: `--chunk-size`; of a switch that only turns off, `--no-shuffle`. */
export function toFlag(name: string): string {
  const isOff = ON_BY_DEFAULT.has(name as ParamName) && !HAS_BOTH.has(name as ParamName);
  return `--${isOff ? 'no-' : ''}${toKebab(name)}`;
}

export function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
