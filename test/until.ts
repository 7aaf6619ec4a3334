// The one way to wait for something in a test: it polls, has an end, and says what did not happen.

import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;
const TIMEOUT_MS = 60_000;

/**
 * Wait until a condition gives something other than undefined, null or false.
 *
 * @param what is waited for, for the message: `the run to end`
 * @returns what the condition gave
 * @throws {Error} after a minute
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
): Promise<Exclude<T, undefined | null | false>> {
  const endMs = performance.now() + TIMEOUT_MS;
  for (;;) {
    const found = await condition();
    if (found !== undefined && found !== null && found !== false) {
      return found as Exclude<T, undefined | null | false>;
    }
    if (performance.now() > endMs) throw new Error(`waited ${TIMEOUT_MS / 1000} s in vain for ${what}`);
    await sleep(POLL_MS);
  }
}
