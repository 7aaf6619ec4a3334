// How the rows of a run were divided, in words.

import { type SplitKind, splitKindOf } from '../plan/data-params.ts';
import type { RunParams } from '../plan/params.ts';

/** Which rows were learnt from, and which were tested on. */
interface SplitWords {
  train: string;
  test: string;
}

const WORDS: Record<SplitKind, (params: RunParams) => SplitWords> = {
  random: ({ seed }) => ({ train: `drawn at random (seed ${seed})`, test: 'drawn at random' }),
  stratify: ({ seed }) => ({
    train: `drawn at random in each class (seed ${seed})`,
    test: 'drawn at random in each class',
  }),
  last: () => ({ train: 'the first ones in order', test: 'the last ones in order' }),
  group: ({ group, seed }) => ({ train: `whole groups by ${group} (seed ${seed})`, test: `other groups by ${group}` }),
  time: ({ time }) => ({ train: `the earliest by ${time}`, test: `the latest by ${time}` }),
  hashBy: ({ hashBy, seed }) => ({
    train: `by the hash of ${hashBy} (seed ${seed})`,
    test: `by the hash of ${hashBy}`,
  }),
  side: ({ side }) => ({ train: `as ${side} says`, test: `as ${side} says` }),
};

export function splitWords(params: RunParams): SplitWords {
  return WORDS[splitKindOf(params)](params);
}
