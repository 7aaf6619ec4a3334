// The definition of a run parameter: its values, and how it appears on the command line, in the API and in the client.

import * as v from 'valibot';
import { isFraction, isInteger, isNumber, isObject } from '../../base/check.ts';
import { either } from '../../base/quote.ts';
import type { GeneratorName } from '../../datasets/spec.ts';
import type { ReadText } from './text.ts';

/** Headings of the help text, in its order. */
export const GROUPS = ['Your data:', 'Generated data:', 'Split:', 'Forest:', 'Run:'] as const;

/** Calls of the client that take parameters; estimators have their own options. */
export type ClientCall = 'makeClassification' | 'makeRegression' | 'readData' | 'trainTestSplit' | 'fit';

export interface Parameter {
  /** The schema of its values; optional parameters have no default. */
  schema: v.GenericSchema;
  /** @default none; some defaults depend on other parameters, see `parseRunParams` */
  preset?: unknown;
  group: (typeof GROUPS)[number];
  /** Text of its option: a noun or a verb, the unit, and in parentheses a default that is not `preset`. */
  help: string;
  /** Placeholder of the option's value; without one the option is a switch. */
  value?: string;
  /** Reads the option's value. @default the text as it is */
  read?: ReadText;
  /** Word of the option for null. @default 'none' */
  nullWord?: string;
  /** Whether the switch is offered as `--no-NAME`. */
  isOnByDefault?: true;
  /** Text of the switch `--NAME`, where it is offered both ways. */
  helpOn?: string;
  /** The option that sets it, if it shares one: `--features` sets the columns of a user's data. */
  option?: string;
  /** Whether it applies only to generated data or only to a user's data. @default both */
  source?: 'generator' | 'data';
  /** The generators that it applies to. @default all */
  generators?: readonly GeneratorName[];
  /**
   * How a search may vary it: by listed values; also by a range, whose integer ends give integers; or by a range that always
   * gives numbers. @default not at all
   */
  searched?: 'values' | 'range' | 'realRange';
  /** The client calls that take it. */
  calls?: readonly ClientCall[];
  /** Its name in those calls. @default its name here */
  callName?: string;
}

/** A rule for the values of a parameter: the allowed values in words, and the check. */
export function rule<T>(allowed: string, isAllowed: (value: unknown) => boolean) {
  return v.custom<T>(isAllowed, allowed);
}

export const MAX_ROWS = 4294967295; // a row index is an unsigned 32-bit integer

export const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length > 0 && value.every(isNumber);

export const integer = (least: number, most: number) =>
  rule<number>(`an integer from ${least} to ${most}`, (value) => isInteger(value, least, most));
export const numeric = (allowed: string, isAllowed: (value: number) => boolean) =>
  rule<number>(allowed, (value) => isNumber(value) && isAllowed(value));
export const flag = () => rule<boolean>('true or false', (value) => typeof value === 'boolean');
export const choice = <const T extends string>(...names: T[]) =>
  rule<T>(either(names), (value) => names.includes(value as T));
export const integerOrNull = (least = 1) =>
  rule<number | null>(
    `an integer ≥ ${least}, or null for none`,
    (value) => value === null || isInteger(value, least, MAX_ROWS),
  );
export const countOrShare = (least: number) =>
  rule<number>(
    `an integer ≥ ${least} or a share in (0, 1)`,
    (value) => isInteger(value, least, MAX_ROWS) || isFraction(value),
  );
/** A share of the rows, or a number of rows. */
export const shareOrCount = () =>
  numeric('a share in (0, 1) or an integer ≥ 1', (value) => value > 0 && (value < 1 || Number.isInteger(value)));
export const text = (allowed: string) => rule<string>(allowed, (value) => typeof value === 'string' && value !== '');
export const texts = (items: string) =>
  rule<string[]>(
    `a list of ${items}`,
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== ''),
  );

/** Numbers by position: a list of all, or an object of some, such as `{"3": 5}`. */
export type ByPosition = number[] | Record<string, number>;

const isRecord = (value: unknown): value is Record<string, unknown> => isObject(value) && Object.keys(value).length > 0;

/** Numbers by name, such as class weights. */
export const isNamed = (value: unknown): value is Record<string, number> =>
  isRecord(value) && Object.entries(value).every(([name, number]) => name !== '' && isNumber(number));

export const isByPosition = (value: unknown): value is ByPosition =>
  isNumbers(value) ||
  (isRecord(value) && Object.entries(value).every(([key, number]) => /^(0|[1-9]\d*)$/.test(key) && isNumber(number)));

/** Keeps the exact types of the parameters. */
export function parameters<const T extends Record<string, Parameter>>(table: T): T {
  return table;
}
