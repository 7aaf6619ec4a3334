// Describes in words how the rows of a run were split.

import { findSplitKind, type SplitKind } from '../plan/data-params.ts';
import type { RunParams } from '../plan/params.ts';

/** Descriptions of the training rows and of the test rows. */
interface SplitDescription {
  train: string;
  test: string;
}

const WORDS: Record<SplitKind, (params: RunParams) => SplitDescription> = {
  random: ({ seed }) => ({ train: `drawn at random (seed ${seed})`, test: 'drawn at random' }),
  stratify: ({ seed }) => ({
    train: `drawn at random in each class (seed ${seed})`,
    test: 'drawn at random in each class',
  }),
  last: () => ({ train: 'the first rows in order', test: 'the last rows in order' }),
  group: ({ group, seed }) => ({ train: `whole groups of ${group} (seed ${seed})`, test: `other groups of ${group}` }),
  time: ({ time }) => ({ train: `the earliest rows by ${time}`, test: `the latest rows by ${time}` }),
  hashBy: ({ hashBy, seed }) => ({
    train: `chosen by the hash of ${hashBy} (seed ${seed})`,
    test: `chosen by the hash of ${hashBy}`,
  }),
  side: ({ side }) => ({ train: `chosen by the column ${side}`, test: `chosen by the column ${side}` }),
};

export function describeSplit(params: RunParams): SplitDescription {
  return WORDS[findSplitKind(params)](params);
}
