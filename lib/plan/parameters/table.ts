// All parameters of a run, in the order of the help text. Options, API fields, checks, defaults, client options, the table
// in the docs and the command that repeats a run follow from it. CONTRIBUTING.md says where else a parameter is used.

import type * as v from 'valibot';
import type { GeneratorName } from '../../datasets/spec.ts';
import { EXECUTION, FOREST } from './forest.ts';
import { GENERATED_DATA } from './generated-data.ts';
import type { ClientCall, Parameter } from './parameter.ts';
import { SPLIT } from './split.ts';
import { USER_DATA } from './user-data.ts';

const TABLE = { ...USER_DATA, ...GENERATED_DATA, ...SPLIT, ...FOREST, ...EXECUTION };

type Table = typeof TABLE;
/** A parameter of the table; only `search` is not in it. */
export type TableName = keyof Table;
export type TableSchemas = { [Name in TableName]: Table[Name]['schema'] };
type NamesWith<Property> = { [Name in TableName]: Table[Name] extends Property ? Name : never }[TableName];

/** The parameters, in the order of the help text. */
export const PARAMETERS: Readonly<Record<TableName, Parameter>> = TABLE;
export const TABLE_NAMES = Object.keys(TABLE) as TableName[];

function namesWhere(has: (parameter: Parameter) => unknown): TableName[] {
  return TABLE_NAMES.filter((name) => has(PARAMETERS[name]));
}

function collectProperty<Property extends 'schema' | 'preset'>(
  property: Property,
): Record<string, Parameter[Property]> {
  return Object.fromEntries(
    TABLE_NAMES.filter((name) => property in PARAMETERS[name]).map((name) => [name, PARAMETERS[name][property]]),
  );
}

export const SCHEMAS = collectProperty('schema') as TableSchemas;

/**
 * The reference job. `maxFeatures` is missing: its default depends on the engine. Extra-trees have no bootstrap by default.
 */
export const RUN_DEFAULTS = collectProperty('preset') as {
  readonly [Name in NamesWith<{ preset: unknown }>]: Table[Name]['preset' & keyof Table[Name]];
};

/** Parameters that a search may vary: those of the forest that change neither the rows nor their bins. */
export type SearchedName = NamesWith<{ searched: string }>;
export const SEARCHED = namesWhere(({ searched }) => searched) as SearchedName[];
export const SEARCHED_BY_RANGE: readonly string[] = namesWhere(
  ({ searched }) => searched === 'range' || searched === 'realRange',
);
export const SEARCHED_BY_REAL_RANGE: readonly string[] = namesWhere(({ searched }) => searched === 'realRange');

/** Parameters that apply only to generated data, and only to a user's data. */
export const GENERATOR_PARAMS = namesWhere(({ source }) => source === 'generator');
export const DATA_PARAMS = namesWhere(({ source }) => source === 'data');

/** Parameters that apply to some generators only, and the test whether one applies. */
export const SINGLE_GENERATOR_PARAMS = namesWhere(({ generators }) => generators);
export function paramsOfGenerator(generator: GeneratorName): TableName[] {
  return namesWhere(({ generators }) => generators?.includes(generator));
}

/** Names of a client call's options, each with the parameter that it sets. */
export function callOptions(call: ClientCall): [option: string, name: TableName][] {
  return namesWhere(({ calls }) => calls?.includes(call)).map((name) => [PARAMETERS[name].callName ?? name, name]);
}

/** Names of a client call's options, for a check by the compiler. */
export type CallOption<Call extends ClientCall> = {
  [Name in TableName]: Table[Name] extends { calls: readonly (infer Calls)[] }
    ? Call extends Calls
      ? Table[Name] extends { callName: infer Other extends string }
        ? Other
        : Name
      : never
    : never;
}[TableName];

export type TableOutput = { [Name in TableName]: v.InferOutput<Table[Name]['schema']> };
