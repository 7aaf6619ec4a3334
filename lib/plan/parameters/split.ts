// Parameters of a run: which rows are held out.

import * as v from 'valibot';
import { flag, integer, parameters, shareOrCount, text } from './parameter.ts';
import { number } from './text.ts';

const column = () => text('the name or number of a column');

export const SPLIT = parameters({
  testSize: {
    schema: shareOrCount(),
    preset: 0.1,
    group: 'Split:',
    help: 'share or count of the rows held out',
    value: 'X',
    read: number,
    calls: ['trainTestSplit'],
  },
  validationSize: {
    schema: v.optional(shareOrCount()),
    group: 'Split:',
    help: 'share or count of the rows to score besides, neither learnt from nor tested on',
    value: 'X',
    read: number,
    calls: ['trainTestSplit'],
  },
  stratify: {
    schema: v.optional(flag()),
    group: 'Split:',
    help: 'hold out the same share of each class, exactly',
    calls: ['trainTestSplit'],
  },
  group: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: keep rows of one group on one side',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  time: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: hold out the latest rows',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  hashBy: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: by the hash of a key, so that no row changes sides as data grow',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  side: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: as the column says, train or test, 0 or 1',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  folds: {
    schema: v.optional(integer(2, 100)),
    group: 'Split:',
    help: 'cross-validate as well: hold out each of N parts of the training rows once',
    value: 'N',
    read: number,
    calls: ['fit'],
  },
  shuffle: {
    schema: flag(),
    preset: true,
    group: 'Split:',
    help: 'hold out the last rows instead of random ones',
    isOnByDefault: true,
    calls: ['trainTestSplit'],
  },
});
