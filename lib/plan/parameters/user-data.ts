// Run parameters: location and format of a user's data.

import * as v from 'valibot';
import { flag, integer, parameters, text, texts } from './parameter.ts';
import { collect, names, number } from './text.ts';

const MAX_CHUNK_BYTES = 64 * 1024 ** 2; // a task holds several copies of its part of a file

const column = () => text('the name or number of a column');
const columns = () => texts('names or numbers of columns');

export const USER_DATA = parameters({
  data: {
    schema: v.optional(texts('locations: s3://bucket/key, a prefix that ends in /, or a pattern')),
    group: 'Your data:',
    help: 'files to train on: a path, a folder, a pattern or s3://…; may be repeated',
    value: 'PATH',
    read: collect,
  },
  label: {
    schema: v.optional(column()),
    group: 'Your data:',
    help: 'column to predict, by name or number from 0',
    value: 'COLUMN',
    source: 'data',
    calls: ['readData'],
  },
  columns: {
    schema: v.optional(columns()),
    group: 'Your data:',
    help: '',
    option: 'features',
    source: 'data',
  },
  drop: {
    schema: v.optional(columns()),
    group: 'Your data:',
    help: 'columns to ignore',
    value: 'LIST',
    read: names,
    source: 'data',
    calls: ['readData'],
  },
  categorical: {
    schema: v.optional(columns()),
    group: 'Your data:',
    help: 'columns to treat as categories even if they hold numbers',
    value: 'LIST',
    read: names,
    source: 'data',
    calls: ['readData'],
  },
  weightColumn: {
    schema: v.optional(column()),
    group: 'Your data:',
    help: '',
    option: 'weights',
    source: 'data',
  },
  skipRows: {
    schema: v.optional(integer(0, 1000)),
    group: 'Your data:',
    help: 'lines to skip before the table of a text file (0)',
    value: 'N',
    read: number,
    source: 'data',
    calls: ['readData'],
  },
  header: {
    schema: v.optional(flag()),
    group: 'Your data:',
    help: 'the first row holds values; columns are named 0, 1, …',
    isOnByDefault: true,
    helpOn: 'the first row has the names (where all its cells are texts)',
    source: 'data',
    calls: ['readData'],
  },
  chunkBytes: {
    schema: v.optional(integer(1, MAX_CHUNK_BYTES)),
    group: 'Your data:',
    help: 'bytes of a file that one task reads (8 MiB, more for large data)',
    value: 'N',
    read: number,
    source: 'data',
    calls: ['readData'],
  },
});
