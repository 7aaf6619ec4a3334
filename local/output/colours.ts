// Colours of what is printed: on a terminal only, and as NO_COLOR, FORCE_COLOR and TERM say.

import pc from 'picocolors';

interface Stream {
  isTTY?: boolean;
}

/** NO_COLOR (no-color.org) goes before FORCE_COLOR, and both before the question whether it is a terminal. */
export function hasColours(stream: Stream, { NO_COLOR, FORCE_COLOR, TERM } = process.env): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0';
  return isLively(stream, TERM);
}

/** Whether lines that are written can be written over. */
export function isLively({ isTTY = false }: Stream, TERM = process.env.TERM): boolean {
  return isTTY && TERM !== 'dumb';
}

/** For standard output. */
export const colours = pc.createColors(hasColours(process.stdout));
/** For standard error. */
export const errorColours = pc.createColors(hasColours(process.stderr));
