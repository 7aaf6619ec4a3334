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

/** What JSON has no words for, as near as it gets: whole numbers of 64 bits, and typed arrays. */
function asJson(_name: string, part: unknown): unknown {
  if (typeof part === 'bigint') return Number(part);
  return ArrayBuffer.isView(part) && Symbol.iterator in part ? Array.from(part as Uint8Array) : part;
}
