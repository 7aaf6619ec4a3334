// The run parameters that locate the data and control how they are read.

import { InputError } from '../base/errors.ts';
import type { ColumnChoice } from '../tables/columns.ts';
import type { TextOptions } from '../tables/file-layout.ts';

/** The run parameters that locate the data and control how they are read. */
export interface DataParams extends ColumnChoice, TextOptions {
  /** Locations: `s3://bucket/key`, a prefix or a pattern. */
  data: readonly string[];
  /** Approximate number of bytes that one task reads; by default 8 MiB, more for large data. */
  chunkBytes?: number;
}

/** How the rows of a run are split. */
export type SplitKind = 'random' | 'last' | 'stratify' | 'group' | 'time' | 'hashBy' | 'side';

/**
 * @throws {InputError} when more than one way is set, or a count where a share is required
 */
export function findSplitKind(params: {
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
    throw new InputError(`the rows can be split in only one way, got ${names.join(' and ')}; remove all but one`);
  }
  const [kind = 'random'] = kinds;
  for (const [name, size] of Object.entries({ testSize, validationSize })) {
    if (kind !== 'hashBy' || size === undefined || size < 1) continue;
    throw new InputError(`${name} must be a share in (0, 1) with hashBy, got ${size}`);
  }
  return kind;
}

/** @throws {InputError} when the run has no user's data */
export function dataParams(params: Partial<DataParams>): DataParams {
  const { data, label } = params;
  if (data === undefined || label === undefined) throw new InputError('data and label must be given together');
  return { ...params, data, label };
}
