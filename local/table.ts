// Tables of the command line: columns as wide as their widest cell.

import pc from 'picocolors';

/**
 * Lines of a table, the first row dimmed.
 *
 * @param rows the head and the rows, as many cells each
 * @param numLeft columns from the left that are aligned left; the others are numbers
 */
export function tableLines(rows: readonly (readonly string[])[], numLeft = 1): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row, i) => {
    const cells = row.map((cell, column) =>
      column < numLeft ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    );
    const line = ` ${cells.join('  ').trimEnd()}`;
    return i === 0 ? pc.dim(line) : line;
  });
}
