// Values of parameters as text: how an option of the command line is read. Anything else stays text, to be refused with
// the values that are allowed.

/** @param before what the same option gave already, where it may be given more than once */
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

/** Names of columns, `a,b`; a name that has a comma is given by its number. */
export const names: ReadText = (text) => text.split(',').map((name) => name.trim());

/** A number of features; or names and numbers of columns. */
export const countOrNames: ReadText = (text) => (typeof number(text) === 'number' ? number(text) : names(text));

/** One more of an option that may be given again. */
export const collect = (text: string, before?: unknown) => [...((before as string[] | undefined) ?? []), text];
