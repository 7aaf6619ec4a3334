// arvoredo inspect: what a run would make of some files. Nothing is started and nothing is stored.

import { Command, Option } from 'commander';
import { type Inspection, inspectData } from '../../lib/ingest/inspect.ts';
import { number } from '../../lib/plan/parameters/text.ts';
import { objectsAt } from '../backend/input-files.ts';
import { isGiven, rowCount } from '../config/parse.ts';
import { colours } from '../output/colours.ts';
import { fitColumns, plural, tableLines, terminalColumns } from '../output/table.ts';
import { addAccountOptions } from './backend-options.ts';
import { inWordsOfFlags } from './checks.ts';
import { withFolderStore } from './folder-store.ts';
import { addJsonOption, checkJson, print } from './output.ts';

interface InspectFlags {
  skipRows?: number;
  header?: boolean;
  categorical?: string[];
  drop?: string[];
  rows: number;
  json?: string;
}

export function inspectCommand(): Command {
  const command = new Command('inspect')
    .description('Show what is in a table: a preview, and the type that a run would give each column.')
    .argument('<PATH...>', 'files: paths, folders, patterns or s3://…')
    .addOption(new Option('--skip-rows <N>', 'lines before the table of a text file (0)').argParser(number))
    .addOption(new Option('--header', 'the first row has the names (default: if all its cells are text)'))
    .addOption(new Option('--no-header', 'the first row has no names'))
    .addOption(new Option('--categorical <LIST>', 'columns to take as categories').argParser((text) => text.split(',')))
    .addOption(new Option('--drop <LIST>', 'columns to ignore').argParser((text) => text.split(',')))
    .option('--rows <N>', 'rows of the preview', rowCount, 5);
  addJsonOption(addAccountOptions(command));
  return command.action(async (paths: string[], flags: InspectFlags) => {
    const { skipRows, categorical, drop, rows, json } = flags;
    const header = isGiven(command, 'header') ? flags.header : undefined;
    await checkJson(json);
    const options = { data: paths, skipRows, header, categorical, drop };
    const found = await withFolderStore((store) => inspectData(objectsAt(paths), store, options, rows)).catch(
      (error) => {
        throw inWordsOfFlags(error);
      },
    );
    await print(json, found, describe(found));
  });
}

function describe({ files, numRows, columns, preview }: Inspection): string {
  const count = (value: number) => value.toLocaleString('en-US');
  const many = files.length === 1 ? files[0].name : `${files.length} files`;
  const header = ['', 'column', 'type', 'missing', 'values', ...preview.map((_, i) => `row ${i + 1}`)];
  const lines = columns.map(({ column, name, type, numMissing, values }, i) => [
    String(column),
    name,
    type,
    numMissing === 0 ? '' : count(numMissing),
    terminalColumns() < WIDE_COLUMNS ? shorten(values, MOST_OF_VALUES) : values,
    ...preview.map((row) => (row[i] === null ? '' : shorten(String(row[i]), MOST_CHARACTERS))),
  ]);
  const rowTitles = header.slice(5).reverse(); // dropped first on narrow terminals
  const table = tableLines(fitColumns([header, ...lines], rowTitles), header.length);
  return [
    `${colours.bold(many)}: ${plural(numRows, 'row')} × ${plural(columns.length, 'column')}, ${files[0].format}`,
    '',
    ...table,
  ].join('\n');
}

const MOST_CHARACTERS = 20;
/** On a terminal that is less wide, there is less of the values, so that rows have room. */
const WIDE_COLUMNS = 160;
const MOST_OF_VALUES = 26;

function shorten(text: string, most: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
