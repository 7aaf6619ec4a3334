// The parameters of a run that say where its data are and how they are to be read.

import { InputError } from '../base/errors.ts';
import type { ColumnChoice } from '../tables/columns.ts';
import type { TextOptions } from '../tables/file-layout.ts';

/** What of a run's parameters says where its data are and how they are to be read. */
export interface DataParams extends ColumnChoice, TextOptions {
  /** Locations: `s3://bucket/key`, a prefix or a pattern. */
  data: readonly string[];
  /** Bytes of a file that one task reads, about; by default 8 MiB, more for large data. */
  chunkBytes?: number;
}

/** How the rows of a run are divided. */
export type SplitKind = 'random' | 'last' | 'stratify' | 'group' | 'time' | 'hashBy' | 'side';

/**
 * @throws {InputError} when more than one way is asked for, or a count where a share is needed
 */
export function splitKindOf(params: {
  testSize: number;
  validationSize?: number;
  shuffle: boolean;
  stratify?: boolean;
  group?: string;
  time?: string;
  hashBy?: string;
  side?: string;
}): SplitKind {
  const { shuffle, stratify, testSize, validationSize } = params;
  const asked = (['group', 'time', 'hashBy', 'side'] as const).filter((name) => params[name] !== undefined);
  const kinds: SplitKind[] = [
    ...(stratify ? (['stratify'] as const) : []),
    ...asked,
    ...(shuffle ? [] : (['last'] as const)),
  ];
  if (kinds.length > 1) {
    const names = kinds.map((kind) => (kind === 'last' ? 'no shuffle' : kind));
    throw new InputError(`the rows can be divided in one way only, got ${names.join(' and ')}`);
  }
  const [kind = 'random'] = kinds;
  for (const [name, size] of Object.entries({ testSize, validationSize })) {
    if (kind !== 'hashBy' || size === undefined || size < 1) continue;
    throw new InputError(`${name} must be a share in (0, 1) where rows are divided by hashBy, got ${size}`);
  }
  return kind;
}

/** @throws {InputError} when the run has no data of the user's */
export function dataParams(params: Partial<DataParams>): DataParams {
  const { data, label } = params;
  if (data === undefined || label === undefined) throw new InputError('data and label must be given together');
  return { ...params, data, label };
}
