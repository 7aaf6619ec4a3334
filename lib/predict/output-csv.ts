// Answers as CSV.

import type { AnswerColumn } from './answer-columns.ts';
import type { Joiner } from './joiner.ts';

const QUOTE = 34;
const LINE_FEED = 10;

/** Numbers with as many digits as give the same float64 again; a missing value is an empty cell. */
export function writeCsv(columns: readonly AnswerColumn[]): Uint8Array {
  const lines = [columns.map(({ name }) => csvCell(name)).join(',')];
  const numRows = columns[0].values.length;
  for (let row = 0; row < numRows; row++) {
    lines.push(columns.map(({ type, values }) => (type === 'text' ? csvCell(values[row]) : values[row])).join(','));
  }
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

function csvCell(text: string | null): string {
  if (text === null) return '';
  // an empty text is none of the words for a missing value
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The header of the first, and the rows of all. */
export function joinCsv(): Joiner {
  let isFirst = true;
  return {
    add(file) {
      const start = isFirst ? 0 : headerBytes(file);
      isFirst = false;
      return [file.subarray(start)];
    },
    end: () => [],
  };
}

/** Bytes of the first line; line feeds within quotes are none. */
function headerBytes(file: Uint8Array): number {
  let isQuoted = false;
  let at = 0;
  for (; at < file.length && (isQuoted || file[at] !== LINE_FEED); at++) if (file[at] === QUOTE) isQuoted = !isQuoted;
  return at + 1;
}
