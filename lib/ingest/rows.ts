// Ingest: rows of one part as numbers, by the schema of the whole.

import { InputError } from '../base/errors.ts';
import type { Labels, RawRows } from '../partition/rows.ts';
import type { Batch } from '../tables/cells.ts';
import { showLocation } from '../tables/cells.ts';
import type { ChosenColumns } from '../tables/columns.ts';
import { featureEncoder, labelEncoder, type TableSchema } from '../tables/schema.ts';

/**
 * @param rowIndex number of the first row in the whole data set
 * @param place of the rows in their file, for messages
 * @throws {InputError} on a label that the schema doesn't have: the file is not what was surveyed
 */
export function encodeRows(
  { numRows, columns }: Batch,
  schema: TableSchema,
  chosen: ChosenColumns,
  rowIndex: number,
  place: { file: string; rowStart: number },
): RawRows {
  const labelOf = labelEncoder(schema.label);
  const labelCells = columns[schema.label.column];
  const labels: Labels = schema.label.values ? new Float64Array(numRows) : new Uint16Array(numRows);
  for (let row = 0; row < numRows; row++) {
    const label = labelOf(labelCells.at(row));
    if (label === undefined) {
      throw new InputError(
        `${showLocation(place, row, schema.label.name)}: a label that the survey didn't find, got ${String(labelCells.at(row))}`,
      );
    }
    labels[row] = label;
  }
  const weightCells = chosen.weight === null ? undefined : columns[chosen.weight];
  return {
    numRows,
    rowIndex: Uint32Array.from({ length: numRows }, (_, row) => rowIndex + row),
    columns: schema.features.map((feature) => {
      const encode = featureEncoder(feature);
      const cells = columns[feature.column];
      return Float32Array.from({ length: numRows }, (_, row) => encode(cells.at(row)));
    }),
    labels,
    ...(weightCells && { weights: Float64Array.from({ length: numRows }, (_, row) => Number(weightCells.at(row))) }),
  };
}
