// The parameters of a run that say where its data are and how they are to be read.

import { InputError } from '../errors.ts';
import type { ColumnChoice } from '../tables/columns.ts';
import type { TextOptions } from '../tables/layout.ts';

/** What of a run's parameters says where its data are and how they are to be read. */
export interface DataParams extends ColumnChoice, TextOptions {
  /** Locations: `s3://bucket/key`, a prefix or a pattern. */
  data: readonly string[];
  /** Bytes of a file that one task reads, about; by default 8 MiB, more for large data. */
  chunkBytes?: number;
}

/** @throws {InputError} when the run has no data of the user's */
export function dataParams(params: Partial<DataParams>): DataParams {
  const { data, label } = params;
  if (data === undefined || label === undefined) throw new InputError('data and label must be given together');
  return { ...params, data, label };
}
