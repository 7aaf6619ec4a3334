// Values from a file or the environment, read as the same words on the command line would be.

import type { Option } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { quote } from '../../lib/base/quote.ts';
import { collect } from '../../lib/plan/parameters/text.ts';
import { extractRule } from './commander-errors.ts';

/** A parser that takes a word for null. */
export interface NullableParser {
  (text: string, before?: unknown): unknown;
  nullWord?: string;
}

const SWITCH_WORDS: Record<string, boolean> = { true: true, 1: true, false: false, 0: false };

/**
 * @param options those that share the name: `--header` and `--no-header`
 * @param value a text, or what JSON can hold: a number, a list, an object of pairs, null
 * @param label what to call it in errors
 * @throws {InputError} when the option takes no such value
 */
export function parseValue(options: readonly Option[], value: unknown, label: string): unknown {
  const option = options.find(({ required, optional }) => required || optional);
  const isSwitch = typeof value === 'boolean' || (typeof value === 'string' && Object.hasOwn(SWITCH_WORDS, value));
  if (!option) {
    if (!isSwitch) throw new InputError(`${label} must be true or false, got ${quote(value)}`);
    return SWITCH_WORDS[String(value)];
  }
  if (option.optional && typeof value === 'boolean') return value || undefined;
  const parse = (option.parseArg as NullableParser | undefined) ?? String;
  let parsed: unknown;
  for (const text of toTexts(value, parse, label)) {
    try {
      parsed = parse(text, parsed);
    } catch (error) {
      const { message } = error as Error; // a sentence, as commander wants it
      throw new InputError(`${label} ${extractRule(message)}, got ${quote(value)}`);
    }
  }
  return parsed;
}

/** The words that would say the same; several where the option may be given again. */
function toTexts(value: unknown, parse: NullableParser, label: string): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (value === null && parse.nullWord !== undefined) return [parse.nullWord];
  if (isList(value)) {
    const texts = value.map(String);
    if (parse === collect) return texts;
    const divided = texts.find((text) => text.includes(','));
    if (divided === undefined) return [texts.join(',')];
    throw new InputError(`${label}: a comma divides the list; give ${quote(divided)} by its number`);
  }
  if (isPlain(value))
    return [
      Object.entries(value)
        .map((pair) => pair.join(':'))
        .join(','),
    ];
  throw new InputError(`${label} must be a text, a number or a list of them, got ${quote(value)}`);
}

const isScalar = (value: unknown) => typeof value === 'string' || typeof value === 'number';

function isList(value: unknown): value is (string | number)[] {
  return Array.isArray(value) && value.length > 0 && value.every(isScalar);
}

function isPlain(value: unknown): value is Record<string, string | number> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isScalar);
}
