// Run parameters: the split of the rows.

import * as v from 'valibot';
import { flag, integer, parameters, shareOrCount, text } from './parameter.ts';
import { number } from './text.ts';

const column = () => text('the name or number of a column');

export const SPLIT = parameters({
  testSize: {
    schema: shareOrCount(),
    preset: 0.1,
    group: 'Split:',
    help: 'share or count of the rows in the test split',
    value: 'X',
    read: number,
    calls: ['trainTestSplit'],
  },
  validationSize: {
    schema: v.optional(shareOrCount()),
    group: 'Split:',
    help: 'share or count of the rows in a validation split, which is scored separately',
    value: 'X',
    read: number,
    calls: ['trainTestSplit'],
  },
  stratify: {
    schema: v.optional(flag()),
    group: 'Split:',
    help: 'split each class in exactly the same proportions',
    calls: ['trainTestSplit'],
  },
  group: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: never divide the rows of a group between splits',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  time: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: the latest rows are the test split',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  hashBy: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: split by the hash of a key, so that rows keep their split as data grow',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  side: {
    schema: v.optional(column()),
    group: 'Split:',
    help: 'with --data: a column names the split of each row: train or test, 0 or 1',
    value: 'COLUMN',
    source: 'data',
    calls: ['trainTestSplit'],
  },
  folds: {
    schema: v.optional(integer(2, 100)),
    group: 'Split:',
    help: 'also cross-validate, with N folds of the training rows',
    value: 'N',
    read: number,
    calls: ['fit'],
  },
  shuffle: {
    schema: flag(),
    preset: true,
    group: 'Split:',
    help: 'make the last rows the test split instead of random ones',
    isOnByDefault: true,
    calls: ['trainTestSplit'],
  },
});
