// Ingest: rows of one part as numbers, by the schema of the whole.

import { InputError } from '../base/errors.ts';
import type { Labels, RawRows } from '../partition/rows.ts';
import { type Batch, type CellLocation, showLocation } from '../tables/cells.ts';
import { featureEncoder, labelEncoder, type TableSchema } from '../tables/schema.ts';

/**
 * @param weight index of the column of weights, or null
 * @param rowIndex index of the first row in the whole data set
 * @param location location of the rows in their file, for messages
 * @throws {InputError} on a label that the schema does not have: the file has changed since the survey
 */
export function encodeRows(
  { numRows, columns }: Batch,
  { schema, weight }: { schema: TableSchema; weight: number | null },
  rowIndex: number,
  location: CellLocation,
): RawRows {
  const labelOf = labelEncoder(schema.label);
  const labelCells = columns[schema.label.column];
  const labels: Labels = schema.label.values ? new Float64Array(numRows) : new Uint16Array(numRows);
  for (let row = 0; row < numRows; row++) {
    const label = labelOf(labelCells.at(row));
    if (label === undefined) {
      throw new InputError(
        `${showLocation(location, row, schema.label.name)}: a label that the survey did not find, got ${String(labelCells.at(row))}`,
      );
    }
    labels[row] = label;
  }
  const weightCells = weight === null ? undefined : columns[weight];
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
