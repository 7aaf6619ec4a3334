// What a search found, for a person: 80 columns wide.

import { stripVTControlCharacters } from 'node:util';
import type { CandidateResult, SearchReport } from '../../lib/report/search-results.ts';
import { byRank, rankInRound, writeValue } from '../../lib/report/search-results.ts';
import { colours } from './colours.ts';
import { toFlag } from './flags.ts';
import { tableLines } from './table.ts';

const MAX_ROWS = 10;
const WIDTH = 80;

export function describeSearch(search: SearchReport): string[] {
  const { results, rounds, scoring, resource, best } = search;
  const shown = byRank(search).slice(0, MAX_ROWS);
  const isHalving = rounds.length > 1;
  const head = ['rank', scoring, '±', 's', ...(isHalving ? [resource] : [])];
  const rows = shown.map((result) => [
    String(rankInRound(search, result)),
    ...toCells(result),
    ...(isHalving ? [result.resources.toLocaleString('en-US')] : []),
  ]);
  const { heads, lines, numLeftOut } = fit(head, rows, shown);
  const more = [
    ...(results.length > shown.length ? [`${results.length - shown.length} more in the report`] : []),
    ...(numLeftOut > 0 ? [`${numLeftOut} more ${numLeftOut === 1 ? 'option' : 'options'} there`] : []),
  ];
  return [
    ` ${colours.dim('search')}   ${describeCandidates(search)}, by ${scoring}`,
    ...(isHalving ? [` ${colours.dim('rounds')}   ${describeRounds(search)}`] : []),
    ` ${colours.dim('best')}     ${writeParams(results[best])}`,
    '',
    ...heads.map((line) => colours.dim(line)),
    colours.bold(lines[0]),
    ...lines.slice(1),
    ...(more.length > 0 ? [colours.dim(` and ${more.join(', ')}`)] : []),
  ];
}

type Rounds = Pick<SearchReport, 'rounds' | 'numFolds' | 'resource'>;
const count = (value: number) => value.toLocaleString('en-US');

export function describeCandidates({ rounds, numFolds }: Rounds): string {
  const { numCandidates } = rounds[0];
  return `${count(numCandidates)} ${numCandidates === 1 ? 'candidate' : 'candidates'} × ${numFolds} folds`;
}

/** How many candidates each round has, and with how much. */
export function describeRounds({ rounds, resource }: Rounds): string {
  const each = rounds.map(({ numCandidates, resources }) => `${count(numCandidates)} on ${count(resources)}`);
  return `${each.join(', ')} ${resource}`;
}

/** A column for each option, as far as there is room; a line of the head for each word of its name. */
function fit(head: string[], rows: string[][], shown: readonly CandidateResult[]) {
  const names = Object.keys(shown[0].params);
  for (let numShown = names.length; ; numShown--) {
    const words = [...head.map((name) => [name]), ...names.slice(0, numShown).map((name) => toFlag(name).slice(2).split(/(?<=-)/))]; // biome-ignore format: one line
    const numHeads = Math.max(...words.map((ofColumn) => ofColumn.length));
    const heads = Array.from({ length: numHeads }, (_, i) =>
      words.map((ofColumn) => ofColumn[i - numHeads + ofColumn.length] ?? ''),
    );
    const cells = rows.map((row, i) => [...row, ...names.slice(0, numShown).map((name) => writeValue(shown[i].params, name))]); // biome-ignore format: one line
    const table = [...heads, ...cells];
    if (numShown > 0 && textWidth(table) > WIDTH) continue;
    const lines = tableLines(table).map((line) => stripVTControlCharacters(line));
    return { heads: lines.slice(0, numHeads), lines: lines.slice(numHeads), numLeftOut: names.length - numShown };
  }
}

function textWidth(table: readonly (readonly string[])[]): number {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return widths.reduce((sum, width) => sum + width + 2, -1);
}

function toCells({ meanTestScore, stdTestScore, meanFitSeconds }: CandidateResult): string[] {
  return [meanTestScore?.toFixed(4) ?? '–', stdTestScore?.toFixed(4) ?? '–', meanFitSeconds.toFixed(2)];
}

function writeParams({ params }: CandidateResult): string {
  return Object.keys(params).map((name) => `${toFlag(name).slice(2)} ${writeValue(params, name)}`).join(', '); // biome-ignore format: one line
}
