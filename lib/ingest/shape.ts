// What a plan needs to know of a user's data: enough to lay out all tasks.

import type { ClassLabel } from '../forest/model.ts';
import type { TableSchema } from '../tables/schema.ts';
import type { Parts } from './locate.ts';
import type { SideRule } from './sides.ts';

export interface DataShape {
  numRows: number;
  numFeatures: number;
  /** 0 where values are predicted. */
  numClasses: number;
  /** What the classes are called. */
  classes: ClassLabel[];
  /** Partitions. */
  numParts: number;
  /** Rows of the largest one. */
  mostRows: number;
  /** Tasks that looked for rows, and that surveyed them; none where one task did it all. */
  numScans: number;
  numSurveys: number;
  /** Rows of the test and the validation side, where the data say it; undefined where the test size does. */
  numTest?: number;
  numValidation?: number;
  /** Bytes of a part in its file, about. */
  partBytes: number;
  /** Whether no value is missing, no feature categorical and no row weighted, as the trainer of classes needs it. */
  isPlain: boolean;
  /** Whether rows are weighted: with weights, trees are the general trainer's. */
  hasWeights: boolean;
}

/** `data/schema.json`. */
export interface SchemaResult {
  schema: TableSchema;
  shape: DataShape;
  /** Which rows are on the test side; null where the data have no say. */
  sides: SideRule | null;
}

export function shapeOf(
  { parts, numRows }: Parts,
  schema: TableSchema,
  partBytes: number,
  hasWeights: boolean,
  sides: Pick<DataShape, 'numTest' | 'numValidation'> | null,
  tasks: Pick<DataShape, 'numScans' | 'numSurveys'>,
): DataShape {
  const { features, label } = schema;
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
