// Writes the tables in docs that are made from code, between `<!-- table: NAME -->` markers: npm run tables.

import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Command, Option } from 'commander';
import { PARAM_NAMES } from '../lib/plan/params.ts';
import { createProgram } from '../local/commands/program.ts';
import { OPERATIONS, type Operation } from '../local/s3/operations.ts';

/** Pages that hold generated tables. */
export const PAGES = ['docs/cli.md', 'docs/emulator.md', 'docs/options.md'];

const program = createProgram();
const TABLES: Record<string, () => string> = { commands, options, operations };

/** Replace each generated table of a page; the rest stays as it is. */
export function withTables(page: string): string {
  return page.replace(/(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)/gs, (_, start, name, end) => {
    if (!TABLES[name]) throw new Error(`there is no table ${name}; there are ${Object.keys(TABLES).join(', ')}`);
    return `${start}\n${TABLES[name]()}\n\n${end}`;
  });
}

function commands(): string {
  const rows = program.commands.map((command) => [
    `\`arvoredo ${[command.name(), ...command.registeredArguments.map(formatArgument)].join(' ')}\``,
    command.description(),
  ]);
  return table(['command', 'what it does'], rows);
}

function formatArgument(argument: Command['registeredArguments'][number]): string {
  const name = argument.name() + (argument.variadic ? '…' : '');
  return argument.required ? name : `[${name}]`;
}

/** One table a group, each below a heading: `search` has all options of `run` and its own. */
function options(): string {
  const search = program.commands.find((command) => command.name() === 'search')!;
  const helper = program.createHelp();
  const headings = new Set(search.options.map((option) => option.helpGroupHeading ?? ''));
  const last = ['Search:', 'Run:'];
  return [...[...headings].filter((heading) => !last.includes(heading)), ...last]
    .map((heading) => {
      const group = search.options.filter((option) => (option.helpGroupHeading ?? '') === heading);
      const rows = group.map((option) => [`\`${option.flags}\``, field(option), helper.optionDescription(option)]);
      return `## ${heading.replace(/:$/, '')}\n\n${table(['option', 'field', 'meaning, and the default'], rows)}`;
    })
    .join('\n\n');
}

/** The name of an option in the API, the client and a file of options; options of the command line alone have none. */
function field(option: Option): string {
  const name = option.attributeName();
  const isParam = (PARAM_NAMES as string[]).includes(name) || option.helpGroupHeading === 'Your data:';
  return isParam ? `\`${name}\`` : '';
}

function operations(): string {
  const rows = OPERATIONS.map((operation) => [
    operation.name,
    `\`${request(operation)}\``,
    (operation.accepts ?? []).map((name) => `\`${name}\``).join(', '),
    operation.remark ?? '',
  ]);
  return table(['operation', 'request', 'optional query parameters', 'remark'], rows);
}

function request({ method, on, selectedBy = [], isCopy }: Operation): string {
  const path = { service: '/', bucket: '/BUCKET', object: '/BUCKET/KEY' }[on];
  const query = selectedBy.length > 0 ? `?${selectedBy.join('&')}` : '';
  return `${method} ${path}${query}${isCopy ? ' with x-amz-copy-source' : ''}`;
}

function table(heads: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const page of PAGES) await writeFile(page, withTables(await readFile(page, 'utf8')));
}
