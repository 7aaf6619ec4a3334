// Records a command in a terminal of 80 columns, and draws its screen as an animated SVG. Needs util-linux's `script`, so
// it is not part of the tests.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import xterm, { type IBufferCell, type Terminal } from '@xterm/headless';

const COLUMNS = 80;
const FRAME_MS = 200;
const LAST_FRAME_MS = 6000;
const CELL = { width: 7.83, height: 18, font: 13 }; // of a monospaced font: 0.6 em wide
const MARGIN = 14;
const COLOURS = ['#1b1f24', '#e5534b', '#57ab5a', '#c69026', '#539bf5', '#b083f0', '#39c5cf', '#adbac7'];
const DIM = '#768390';

/** The output of a terminal, and when: milliseconds since the start. */
export interface Cast {
  /** the command as a person would type it */
  title: string;
  output: { atMs: number; text: string }[];
}

/** @throws {Error} when the command fails */
export async function record(title: string, command: string, cwd: string): Promise<Cast> {
  const shell = `stty cols ${COLUMNS} rows 40; ${command}`;
  const child = spawn('script', ['-qefc', shell, '/dev/null'], {
    cwd,
    env: { ...process.env, TERM: 'xterm-256color', NO_COLOR: undefined, CI: undefined, npm_lifecycle_event: undefined },
  });
  const startedAt = performance.now();
  const output: Cast['output'] = [];
  child.stdout
    .setEncoding('utf8')
    .on('data', (text: string) => output.push({ atMs: performance.now() - startedAt, text }));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}`);
  return { title, output };
}

/** An asciicast of version 2, for asciinema: https://docs.asciinema.org/manual/asciicast/v2/ */
export function toAsciicast({ title, output }: Cast): string {
  const prompt = { atMs: 0, text: `$ ${title}\r\n` };
  const lines = [prompt, ...output].map(({ atMs, text }) => [Number((atMs / 1000).toFixed(3)), 'o', text]);
  return [{ version: 2, width: COLUMNS, height: 40, title }, ...lines]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}

/** The same as a picture that moves, without scripts. */
export async function toSvg({ title, output }: Cast): Promise<string> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: 40, allowProposedApi: true });
  const frames: { atMs: number; rows: string[] }[] = [];
  let next = 0;
  for (const { atMs, text } of [{ atMs: 0, text: `$ ${title}\r\n` }, ...output]) {
    if (atMs >= next && next > 0) frames.push({ atMs: next, rows: drawRows(terminal) });
    if (atMs >= next) next = (Math.floor(atMs / FRAME_MS) + 1) * FRAME_MS;
    await new Promise<void>((resolve) => terminal.write(text, resolve));
  }
  frames.push({ atMs: output.at(-1)!.atMs, rows: drawRows(terminal) });
  return draw(frames);
}

function draw(frames: { atMs: number; rows: string[] }[]): string {
  const height = Math.max(...frames.map(({ rows }) => rows.length)) * CELL.height + 2 * MARGIN;
  const width = Math.ceil(COLUMNS * CELL.width + 2 * MARGIN);
  const totalMs = frames.at(-1)!.atMs + LAST_FRAME_MS;
  const share = (ms: number) => `${((100 * ms) / totalMs).toFixed(2)}%`;
  // each row is drawn once for as long as it stays the same
  const texts: string[] = [];
  const rules: string[] = [];
  const numRows = Math.max(...frames.map(({ rows }) => rows.length));
  for (let row = 0; row < numRows; row++) {
    for (let first = 0; first < frames.length; ) {
      const text = frames[first].rows[row] ?? '';
      let end = first + 1;
      while (end < frames.length && (frames[end].rows[row] ?? '') === text) end++;
      if (text) {
        const isLast = end === frames.length;
        const name = `r${row}f${first}`;
        const [from, to] = [share(frames[first].atMs), share(isLast ? totalMs : frames[end].atMs)];
        const hidden = first > 0 ? `0%{opacity:0}` : '';
        rules.push(`@keyframes ${name}{${hidden}${from}{opacity:1}${isLast ? '' : `${to}{opacity:0}`}}`);
        // without animation only the end is seen
        const style = `animation:${name} ${Math.round(totalMs)}ms step-end infinite;opacity:${isLast ? 1 : 0}`;
        texts.push(`<g transform="translate(${MARGIN} ${MARGIN + row * CELL.height})" style="${style}">${text}</g>`);
      }
      first = end;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="The command in a terminal">
<style>text{font:${CELL.font}px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:${COLOURS[7]};white-space:pre}
${rules.join('\n')}
@media (prefers-reduced-motion:reduce){g{animation:none!important}}</style>
<rect width="100%" height="100%" rx="8" fill="#22272e"/>
${texts.join('\n')}
</svg>
`;
}

/** Rows down to the last that has text, each as SVG of its runs of one style. */
function drawRows(terminal: Terminal): string[] {
  const { active } = terminal.buffer;
  const rows: string[] = [];
  for (let y = 0; y < terminal.rows; y++) {
    const line = active.getLine(active.viewportY + y);
    const cells = Array.from({ length: line ? line.translateToString(true).length : 0 }, (_, x) => line!.getCell(x)!);
    const runs: { x: number; style: string; text: string }[] = [];
    for (const [x, cell] of cells.entries()) {
      const style = styleOf(cell);
      const last = runs.at(-1);
      if (last?.style === style) last.text += cell.getChars() || ' ';
      else runs.push({ x, style, text: cell.getChars() || ' ' });
    }
    rows.push(runs.map(drawRun).join(''));
  }
  while (rows.at(-1) === '') rows.pop();
  return rows;
}

function styleOf(cell: IBufferCell): string {
  const colour = cell.isFgPalette() ? COLOURS[cell.getFgColor() % 8] : cell.isDim() ? DIM : undefined;
  return `${colour ? ` fill="${colour}"` : ''}${cell.isBold() ? ' font-weight="bold"' : ''}`;
}

function drawRun({ x, style, text }: { x: number; style: string; text: string }): string {
  const [left, width] = [(x * CELL.width).toFixed(2), (text.length * CELL.width).toFixed(2)];
  // bars as shapes: not every font has the letters
  if (/^[█░]+$/.test(text)) {
    const done = text.lastIndexOf('█') + 1;
    const bar = (from: number, to: number, opacity: number) =>
      `<rect x="${((x + from) * CELL.width).toFixed(2)}" y="3" width="${((to - from) * CELL.width).toFixed(2)}" height="11"${style} opacity="${opacity}"/>`;
    return bar(0, done, 1) + bar(done, text.length, 0.25);
  }
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${left}" y="${CELL.font}" textLength="${width}" lengthAdjust="spacingAndGlyphs"${style}>${escaped}</text>`;
}
