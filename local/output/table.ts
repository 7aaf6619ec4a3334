// Tables and labelled texts of the command line, as wide as the terminal.

import { colours } from './colours.ts';

/** Columns of standard output; no limit where it is not a terminal. */
export function terminalColumns(): number {
  return process.stdout.columns ?? Number.POSITIVE_INFINITY;
}

/**
 * Lines of a table, the first row dimmed.
 *
 * @param rows the head and the rows, with equal numbers of cells
 * @param numLeft columns from the left that are aligned left; the others are numbers
 */
export function tableLines(rows: readonly (readonly string[])[], numLeft = 1): string[] {
  const widths = columnWidths(rows);
  return rows.map((row, i) => {
    const cells = row.map((cell, column) =>
      column < numLeft ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
    );
    const line = ` ${cells.join('  ').trimEnd()}`;
    return i === 0 ? colours.dim(line) : line;
  });
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
}

/**
 * A table without the columns that it has no room for.
 *
 * @param order titles of the columns that may go, the first to go first
 */
export function fitColumns(
  rows: readonly string[][],
  order: readonly string[],
  columns = terminalColumns(),
): string[][] {
  let fitted = [...rows];
  for (const title of order) {
    const width = columnWidths(fitted).reduce((sum, each) => sum + each + 2, -1);
    if (width <= columns) break;
    const at = fitted[0].indexOf(title);
    fitted = fitted.map((row) => row.filter((_, column) => column !== at));
  }
  return fitted;
}

/** Lines of labels and texts; a long text continues on the next line. */
export function labelLines(
  entries: readonly (readonly [label: string, text: string])[],
  columns = terminalColumns(),
): string[] {
  const width = Math.max(...entries.map(([label]) => label.length));
  return entries.flatMap(([label, text]) =>
    wrap(text, columns - width - 2).map((line, i) => ` ${colours.dim((i === 0 ? label : '').padEnd(width))} ${line}`),
  );
}

/** Break a text between its parts, where it has dots between them, or else between words; none is broken itself. */
export function wrap(text: string, columns: number): string[] {
  const separator = text.includes(' · ') ? ' · ' : ' ';
  const lines: string[] = [];
  for (const part of text.split(separator)) {
    const longer = lines.length === 0 ? part : `${lines.at(-1)}${separator}${part}`;
    if (lines.length === 0 || longer.length > columns) lines.push(part);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** `1 row`, `1,000 rows`. */
export function plural(count: number, what: string): string {
  return `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;
}
