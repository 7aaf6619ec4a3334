// The formats of answers. Each part of a table has a file of its own; files put end to end are one file.

import type { AnswerColumn } from './answer-columns.ts';
import type { Joiner } from './joiner.ts';
import { joinArrow, writeArrow } from './output-arrow.ts';
import { joinCsv, writeCsv } from './output-csv.ts';
import { joinParquet, writeParquet } from './output-parquet.ts';

export const OUTPUT_FORMATS = ['csv', 'arrow', 'parquet'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

interface Output {
  /** The rows of one part, as a whole file. */
  write(columns: readonly AnswerColumn[]): Uint8Array;
  join(): Joiner;
}

export const OUTPUTS: Record<OutputFormat, Output> = {
  csv: { write: writeCsv, join: joinCsv },
  arrow: { write: writeArrow, join: joinArrow },
  parquet: { write: writeParquet, join: joinParquet },
};
