// Inspect: what a run would find in some files, part after part, in bounded memory.

import { quote } from '../base/quote.ts';
import { runKeys } from '../store/keys.ts';
import { type Objects, showName } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import {
  type ColumnProfile,
  type ColumnType,
  compareValues,
  EMPTY_PROFILE,
  inferType,
  mergeProfiles,
  toValue,
  type Value,
} from '../tables/column-profile.ts';
import { chooseAllColumns, listUsedColumns } from '../tables/columns.ts';
import type { TextOptions } from '../tables/file-layout.ts';
import { maxValuesToCount } from '../tables/schema.ts';
import { listInputs } from './inputs.ts';
import { locateParts } from './locate.ts';
import { type ScanResult, scanInput } from './scan.ts';
import { readInput, surveyPart } from './survey.ts';

export interface InspectedColumn {
  /** Its number in the file. */
  column: number;
  name: string;
  /** `mixed` where most values are numbers and some are not. */
  type: ColumnType | 'mixed';
  numMissing: number;
  /** Least and greatest number, or the distinct values, in words. */
  values: string;
  facts: ColumnProfile;
}

export interface Inspection {
  files: { name: string; bytes: number; format: string; compression: string | null }[];
  numRows: number;
  columns: InspectedColumn[];
  /** First rows; dates as text. */
  preview: (Value | null)[][];
}

export interface InspectOptions extends TextOptions {
  data: readonly string[];
  categorical?: readonly string[];
  /** Columns to leave out. */
  drop?: readonly string[];
}

/**
 * @param store receives the pieces of packed files
 * @param numPreview rows of the preview
 * @throws {InputError} on what a run would refuse, save what depends on the label
 */
export async function inspectData(
  objects: Objects,
  store: Store,
  options: InspectOptions,
  numPreview: number,
): Promise<Inspection> {
  const inputs = await listInputs(objects, options, (names, file) => chooseAllColumns(names, options, file));
  const context = { store, objects, pieceKey: runKeys('inspect').piece };
  const scans: ScanResult[] = [];
  for (const i of inputs.scans.keys()) scans.push(await scanInput(context, inputs, i));
  const parts = locateParts(inputs, scans);
  const { files, names, chosen } = inputs;
  const used = listUsedColumns(chosen);
  let facts = used.map(() => EMPTY_PROFILE);
  for (const i of parts.parts.keys()) {
    const ofPart = (await surveyPart(context, { inputs, parts }, i, 0)).facts;
    facts = facts.map((before, j) => mergeProfiles(before, ofPart[j], maxValuesToCount(used[j], chosen)));
  }
  const first = await readInput(context, { inputs, parts }, 0);
  return {
    files: files.map(({ uri, size, layout, compression }) => ({
      name: showName(uri),
      bytes: size,
      format: layout.format,
      compression,
    })),
    numRows: parts.numRows,
    columns: used.map((column, j) => ({
      column,
      ...describeColumn(names[column], facts[j], chosen.categorical.includes(column)),
    })),
    preview: Array.from({ length: Math.min(numPreview, first.numRows) }, (_, row) =>
      used.map((column) => {
        const cell = first.columns[column].at(row);
        return cell === null ? null : toValue(cell);
      }),
    ),
  };
}

function describeColumn(name: string, facts: ColumnProfile, isCategorical: boolean): Omit<InspectedColumn, 'column'> {
  const type = findType(name, facts, isCategorical);
  return { name, type, numMissing: facts.numMissing, values: describeValues(type, facts), facts };
}

function findType(name: string, facts: ColumnProfile, isCategorical: boolean): InspectedColumn['type'] {
  try {
    return inferType(facts, name, isCategorical);
  } catch {
    return 'mixed';
  }
}

const MANY_VALUES = 4;

function describeValues(
  type: InspectedColumn['type'],
  { values, min, max, firstOther, numNumbers }: ColumnProfile,
): string {
  if (type === 'numeric') return min === null ? 'none' : `${min} to ${max}`;
  if (type === 'mixed') return `${numNumbers} numbers, but ${quote(firstOther!.value)} in row ${firstOther!.row + 1}`;
  if (values === null) return 'many';
  const sorted = values.map(([value]) => value).sort(compareValues);
  const some = sorted.slice(0, MANY_VALUES).map((value) => String(value).replace(/\s+/g, ' ').slice(0, 20));
  return `${sorted.length}: ${some.join(', ')}${sorted.length > MANY_VALUES ? ', …' : ''}`;
}
