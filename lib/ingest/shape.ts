// The shape of a user's data: all that a plan needs to lay out the tasks.

import type { DataShape } from '../plan/plan.ts';
import type { TableSchema } from '../tables/schema.ts';
import type { LocatedTable } from './locate.ts';
import type { SideRule } from './sides-by-column.ts';

/** `data/schema.json`. */
export interface SchemaResult {
  schema: TableSchema;
  shape: DataShape;
  /** Which rows are on the test side; null where the data have no say. */
  sides: SideRule | null;
}

/**
 * @param sides rows of the splits, if the data decide them
 * @param tasks tasks that scan and survey the data
 */
export function toShape(
  { inputs: { partBytes, chosen }, parts: { parts, numRows } }: LocatedTable,
  { features, label }: TableSchema,
  sides: Pick<DataShape, 'numTest' | 'numValidation'> | null,
  tasks: Pick<DataShape, 'numScans' | 'numSurveys'>,
): DataShape {
  const hasWeights = chosen.weight !== null;
  return {
    numRows,
    numFeatures: features.length,
    numClasses: label.classes.length,
    classes: label.classes,
    numParts: parts.length,
    mostRows: parts.reduce((most, part) => Math.max(most, part.numRows), 0),
    ...tasks,
    ...(sides && { numTest: sides.numTest, numValidation: sides.numValidation }),
    partBytes,
    hasWeights,
    isPlain: !hasWeights && features.every(({ type, numMissing }) => type !== 'categorical' && numMissing === 0),
  };
}
