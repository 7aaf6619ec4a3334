// Values from outside, as messages quote them.

const MAX_CHARACTERS = 200;

/** A value as JSON, cut short: what was sent may be megabytes, or nested deeper than can be written. Never throws. */
export function quote(value: unknown): string {
  if (typeof value === 'number') return String(value); // NaN and infinities too
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    return Array.isArray(value) ? 'a deeply nested list' : 'a deeply nested object';
  }
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
