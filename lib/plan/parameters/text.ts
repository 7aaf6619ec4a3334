// Reads parameter values from the text of command line options. Unreadable text is returned as it is, so that the check
// rejects it with the allowed values.

/** @param before the value so far, for an option that may be repeated */
export type ReadText = (text: string, before?: unknown) => unknown;

export function number(text: string): unknown {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

export const numbers: ReadText = (text) => text.split(',').map(number);

export const oneOrMore: ReadText = (text) => (text.includes(',') ? numbers(text) : number(text));

/** `1,5`, a number for each, or `0:1,3:5`, numbers for some. */
export const byPosition: ReadText = (text) => {
  if (!text.includes(':')) return oneOrMore(text);
  const pairs = text.split(',').map((pair) => pair.split(':'));
  const isPair = (pair: string[]) => pair.length === 2 && pair.every((part) => part.trim() !== '');
  const isOnce = new Set(pairs.map(([at]) => at.trim())).size === pairs.length;
  return pairs.every(isPair) && isOnce
    ? Object.fromEntries(pairs.map(([at, value]) => [at.trim(), number(value)]))
    : text;
};

/** Names of columns, `a,b`; a column whose name contains a comma is given by its number. */
export const names: ReadText = (text) => text.split(',').map((name) => name.trim());

/** A number of features; or names and numbers of columns. */
export const countOrNames: ReadText = (text) => (typeof number(text) === 'number' ? number(text) : names(text));

/** One more value of an option that may be repeated. */
export const collect = (text: string, before?: unknown) => [...((before as string[] | undefined) ?? []), text];
