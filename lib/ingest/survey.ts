// Survey: facts of the columns in one part, and the schema that all of them make.

import { InputError } from '../base/errors.ts';
import type { RunParams } from '../plan/params.ts';
import { showName } from '../store/objects.ts';
import { type Batch, type CellLocation, type Cells, showLocation } from '../tables/cells.ts';
import { type ColumnProfile, EMPTY_PROFILE, mergeProfiles, profileColumn } from '../tables/column-profile.ts';
import { listUsedColumns } from '../tables/columns.ts';
import { decideSchema, maxValuesToCount, type TableSchema } from '../tables/schema.ts';
import { readPart } from '../tables/table.ts';
import type { LocatedTable } from './locate.ts';
import { openFile, type ReadContext } from './open.ts';
import { findSideColumn, readSideValues } from './sides-by-column.ts';

/** `data/survey-00000.json`: facts of each used column, in ascending order of the columns. */
export interface SurveyResult {
  facts: ColumnProfile[];
}

/** Rows of one part. */
export async function readInput(
  context: ReadContext,
  { inputs, parts: { parts, pieces } }: LocatedTable,
  partIndex: number,
): Promise<Batch> {
  const { files, names, chosen } = inputs;
  const part = parts[partIndex];
  const file = files[part.fileIndex];
  const source = openFile(context, file, part.fileIndex, pieces[part.fileIndex]);
  const { format } = file.layout;
  const separator = 'separator' in file.layout ? file.layout.separator : null;
  const batch = await readPart(source, { format, names, separator }, part, listUsedColumns(chosen));
  if (batch.numRows !== part.numRows) {
    throw new InputError(
      `${source.name}: ${batch.numRows} rows from row ${part.rowStart + 1} on, expected ${part.numRows}; the file is damaged`,
    );
  }
  return batch;
}

/**
 * Facts of a part, and what decides on the side of each row where the data do.
 *
 * @param seed of the hashes that decide on sides
 * @throws {InputError} on rows that don't fit the columns, text that isn't UTF-8, a number beyond a float32, or a weight below 0
 */
export async function surveyPart(
  context: ReadContext,
  table: LocatedTable,
  partIndex: number,
  seed: number,
): Promise<SurveyResult & { order: Float64Array | null }> {
  const { numRows, columns } = await readInput(context, table, partIndex);
  const { inputs, parts } = table;
  const { fileIndex, rowStart } = parts.parts[partIndex];
  const location = { file: showName(inputs.files[fileIndex].uri), rowStart };
  const { chosen, names } = inputs;
  const deciding = findSideColumn(chosen);
  if (chosen.weight !== null) checkWeights(columns[chosen.weight], numRows, location, names[chosen.weight]);
  return {
    order:
      deciding &&
      readSideValues(columns[deciding.column], numRows, { ...deciding, name: names[deciding.column], seed }, location),
    facts: listUsedColumns(inputs.chosen).map((column) =>
      profileColumn(columns[column], numRows, {
        location,
        column: inputs.names[column],
        maxValues: maxValuesToCount(column, inputs.chosen),
      }),
    ),
  };
}

/** @throws {InputError} on a weight below 0 */
function checkWeights(cells: Cells, numRows: number, location: CellLocation, column: string): void {
  for (let row = 0; row < numRows; row++) {
    const weight = cells.at(row);
    if (typeof weight !== 'number' || weight >= 0) continue;
    throw new InputError(`${showLocation(location, row, column)}: a weight must be a number ≥ 0, got ${weight}`);
  }
}

/**
 * The schema of all parts: the same for any number of them.
 *
 * @param surveys of all parts, in their order
 * @throws {InputError} when files differ in what a column holds, or as `decideSchema`
 */
export function mergeSurveys(
  { inputs, parts: { parts, numRows } }: LocatedTable,
  surveys: readonly SurveyResult[],
  task: RunParams['task'],
): TableSchema {
  const { names, chosen } = inputs;
  const used = listUsedColumns(chosen);
  const merged = new Map(
    used.map((column, i) => {
      const mostValues = maxValuesToCount(column, chosen);
      const ofFiles = new Map<number, ColumnProfile>();
      for (const [k, { facts }] of surveys.entries()) {
        const { fileIndex } = parts[k];
        ofFiles.set(fileIndex, mergeProfiles(ofFiles.get(fileIndex) ?? EMPTY_PROFILE, facts[i], mostValues));
      }
      if (!chosen.categorical.includes(column)) checkSameKind(names[column], [...ofFiles.values()]);
      return [column, [...ofFiles.values()].reduce((a, b) => mergeProfiles(a, b, mostValues))];
    }),
  );
  return decideSchema({ numRows, names, chosen, getProfile: (column) => merged.get(column)!, task });
}

/** @throws {InputError} when a column has numbers only in one file and none in another */
function checkSameKind(name: string, ofFiles: readonly ColumnProfile[]): void {
  const others = (facts: ColumnProfile) => facts.numBooleans + facts.numDates + facts.numTexts;
  const numbers = ofFiles.find((facts) => facts.numNumbers > 0 && others(facts) === 0);
  const texts = ofFiles.find((facts) => facts.numNumbers === 0 && others(facts) > 0);
  if (!numbers || !texts) return;
  const [number, text] = [numbers.firstNumber!, texts.firstOther!];
  throw new InputError(
    `column ${JSON.stringify(name)} holds numbers in ${number.file} (row ${number.row + 1}: ${number.value}) and none in ` +
      `${text.file} (row ${text.row + 1}: ${JSON.stringify(text.value)}); files of one run must have the same schema, or name it in categorical`,
  );
}
