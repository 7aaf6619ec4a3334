// Values from outside, as messages quote them.

const MAX_CHARACTERS = 200;

/** A value as JSON, cut short: what was sent may be megabytes, or nested deeper than can be written. Never throws. */
export function quote(value: unknown): string {
  if (typeof value === 'number') return String(value); // NaN and infinities too
  let text: string;
  try {
    text = JSON.stringify(value, asJson) ?? String(value);
  } catch {
    return Array.isArray(value) ? 'a deeply nested list' : 'a deeply nested object';
  }
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}

/** What JSON has no words for, as near as it gets: integers of 64 bits, and typed arrays. */
function asJson(_name: string, part: unknown): unknown {
  if (typeof part === 'bigint') return Number(part);
  return ArrayBuffer.isView(part) && Symbol.iterator in part ? Array.from(part as Uint8Array) : part;
}

/** What a call of ours was given: an object of a class by its class, a function by its name, all else as `quote` does. */
export function quoteArgument(value: unknown): string {
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return quote(value);
  const made: unknown = Object.getPrototypeOf(value)?.constructor;
  return typeof made === 'function' && made !== Object ? made.name : quote(value);
}

/** Choices as a message lists them: `a, b or c`. */
export function either(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}
