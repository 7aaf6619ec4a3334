// Text and numbers as HTML.

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Any value as text that is safe inside an element and a quoted attribute. */
export function escapeHtml(value: unknown): string {
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

export const count = (value: number) => value.toLocaleString('en-US');
export const fixed = (value: number | null, digits = 4) => (value === null ? '–' : value.toFixed(digits));
/** Four digits, whatever the size: values have units of their own. Larger ones have all before the point. */
export function shortly(value: number): string {
  const size = Math.abs(value);
  const text = size >= 1e4 && size < 1e12 ? count(Math.round(value)) : String(Number(value.toPrecision(4)));
  return text.replaceAll('-', '−');
}
export const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits)} %`;
export const seconds = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} s`;
export const usd = (value: number) => `$${value.toFixed(value < 0.1 ? 6 : 2)}`;

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let scaled = value;
  for (; scaled >= 1000 && unit < units.length - 1; unit++) scaled /= 1000;
  return `${unit === 0 ? scaled : scaled.toFixed(1)} ${units[unit]}`;
}

export interface Column {
  head: string;
  isNumber?: boolean;
}

/** A table; cells are HTML, the first of each row is its head. */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const side = (column: number) => (columns[column].isNumber ? ' class="number"' : '');
  const heads = columns.map(({ head }, i) => `<th scope="col"${side(i)}>${head}</th>`).join('');
  const lines = rows.map((cells) => {
    const [first, ...rest] = cells;
    return `<tr><th scope="row">${first}</th>${rest.map((cell, i) => `<td${side(i + 1)}>${cell}</td>`).join('')}</tr>`;
  });
  // a wide table scrolls by itself, also with the keyboard
  return `<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${heads}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`;
}
