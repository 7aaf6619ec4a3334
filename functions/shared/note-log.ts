// What a handler prints, kept for the error of an invocation that fails.

import { format } from 'node:util';

const METHODS = ['debug', 'log', 'info', 'warn', 'error'] as const;
const MAX_CHARACTERS = 8192; // of which the last 4 KB travel

/** Notes from now on what is printed by `console`; for the whole sandbox, which has one invocation at a time. */
export function noteLog(): { begin(): void; end(): string } {
  let text = '';
  for (const method of METHODS) {
    const print = console[method];
    console[method] = (...values: unknown[]) => {
      text = `${text}${format(...values)}\n`.slice(-MAX_CHARACTERS);
      print.apply(console, values);
    };
  }
  return {
    begin: () => {
      text = '';
    },
    end: () => text,
  };
}
