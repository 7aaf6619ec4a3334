// The task stream: a row for each sandbox, a bar for each activity, on a canvas.

import { byId, ink, setText } from './dom.js';
import { seconds, taskName } from './format.js';
import { shortName } from './functions.js';
import { ACTIVITIES } from './sandboxes.js';
import { selectSandboxes } from './views.js';

const NAMES = 128; // room for the sandboxes' names, in CSS pixels
const NARROW = 520; // without them
const AXIS = 22;
const MOST_HEIGHT = 420;
const NAMED = 12; // least height of a row with a name
const LEAST_HEIGHT = 60;
const MIN_SPAN_MS = 20;
/** Top and height of the bars, as shares of the row; those of S3 lie on the invocation's. */
const SHAPES = {
  0: [0.1, 0.8],
  1: [0.28, 0.44],
  2: [0.1, 0.8],
  3: [0.28, 0.44],
  4: [0.45, 0.1],
  5: [0.1, 0.8],
  6: [0, 1],
};
const ORDER = [4, 0, 2, 5, 1, 3, 6];
const [WAIT, KILLED] = [4, 6];

export class TaskStream {
  #canvas;
  #context;
  #onSelect;
  #view = { fromMs: 0, toMs: 1, follows: true };
  #drawn = { rows: [], baseMs: 0, nowMs: 0, rowHeight: 14, left: 0 };
  #selected;
  #colours;

  /** @param onSelect called with the description of the selected bar, or undefined */
  constructor(canvas, onSelect) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#onSelect = onSelect;
    this.#listen();
  }

  #readColours() {
    this.#colours = {
      marks: ACTIVITIES.map((_, i) => ink(`--a${i}`)),
      text: ink('--text'),
      soft: ink('--soft'),
      line: ink('--line'),
    };
  }

  /**
   * @param run whose sandboxes and time are shown; all when there is none
   * @param range its time
   * @param nowMs the time that is shown
   */
  draw(model, run, range, nowMs) {
    if (!this.#colours) this.#readColours();
    if (this.#view.follows) this.#view = { ...range, toMs: Math.max(range.toMs, range.fromMs + 1000), follows: true };
    const { fromMs, toMs } = this.#view;
    const rows = selectSandboxes(model, run, range);
    const numRows = Math.max(1, rows.length);
    const rowHeight = Math.max(4, Math.min(18, Math.floor(MOST_HEIGHT / numRows)));
    const ratio = globalThis.devicePixelRatio || 1;
    const width = this.#canvas.clientWidth;
    const height = Math.max(LEAST_HEIGHT, AXIS + numRows * rowHeight + 4);
    const left = width < NARROW || rowHeight < NAMED ? 0 : NAMES;
    this.#drawn = { rows, baseMs: range.fromMs, nowMs, rowHeight, left };
    if (this.#canvas.width !== Math.round(width * ratio) || this.#canvas.height !== Math.round(height * ratio)) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
      this.#canvas.style.setProperty('height', `${height}px`);
    }
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.clearRect(0, 0, width, height);
    const scale = (width - left) / (toMs - fromMs);
    this.#drawAxis(width, height, scale);
    for (const activity of ORDER) this.#drawActivity(activity, scale);
    if (left > 0) this.#drawNames();
    if (this.#selected) this.#drawSelection(scale);
  }

  #drawActivity(activity, scale) {
    const { rows, rowHeight } = this.#drawn;
    this.#context.fillStyle = this.#colours.marks[activity];
    const [offset, share] = SHAPES[activity];
    const height = Math.max(1, rowHeight * share);
    for (const [at, { marks }] of rows.entries()) {
      const y = AXIS + (at + offset) * rowHeight;
      for (const [from, to] of this.#bars(marks[activity], activity, scale))
        this.#context.fillRect(from, y, to - from, height);
    }
  }

  /** Left and right ends of the bars; those with less than half a pixel between them are drawn as one. */
  *#bars(marks, activity, scale) {
    const { fromMs, toMs } = this.#view;
    const { left, nowMs } = this.#drawn;
    let [from, to] = [0, -1];
    for (const { startMs, endMs } of marks) {
      if (startMs > toMs || endMs < fromMs || startMs > nowMs) continue;
      const x = left + Math.max(0, (startMs - fromMs) * scale);
      const end = left + (Math.min(endMs, nowMs, toMs) - fromMs) * scale;
      if (activity === WAIT && end - x < 0.5) continue;
      const after = x + (activity === KILLED ? 3 : Math.max(0.7, end - x));
      if (x < to + 0.5 && x >= from) {
        to = Math.max(to, after);
        continue;
      }
      if (to > from) yield [from, to];
      [from, to] = [x, after];
    }
    if (to > from) yield [from, to];
  }

  #drawAxis(width, height, scale) {
    const { fromMs, toMs } = this.#view;
    const { baseMs: base, left } = this.#drawn;
    const step = roundStep((toMs - fromMs) / Math.max(2, (width - left) / 90));
    this.#context.font = '11px system-ui, sans-serif';
    this.#context.textBaseline = 'middle';
    for (let at = Math.ceil((fromMs - base) / step) * step; at <= toMs - base; at += step) {
      const x = left + (at + base - fromMs) * scale;
      this.#context.fillStyle = this.#colours.line;
      this.#context.fillRect(x, AXIS - 4, 1, height);
      this.#context.fillStyle = this.#colours.soft;
      this.#context.textAlign = x > width - 30 ? 'right' : 'left';
      this.#context.fillText(`${Number((at / 1000).toPrecision(6))} s`, x + (x > width - 30 ? -3 : 3), 8);
    }
  }

  #drawNames() {
    const { rows, rowHeight } = this.#drawn;
    this.#context.font = `${Math.min(11, rowHeight - 1)}px system-ui, sans-serif`;
    this.#context.textAlign = 'left';
    for (const [at, { functionName, id, state }] of rows.entries()) {
      this.#context.fillStyle = state === 'gone' ? this.#colours.soft : this.#colours.text;
      this.#context.fillText(`${shortName(functionName)} ${id.slice(-4)}`, 2, AXIS + (at + 0.5) * rowHeight);
    }
  }

  #drawSelection(scale) {
    const { startMs, endMs } = this.#selected;
    const { rows, rowHeight, nowMs, left } = this.#drawn;
    const row = rows.findIndex((sandbox) => sandbox.row === this.#selected.row);
    if (row === -1) return;
    const x = left + (startMs - this.#view.fromMs) * scale;
    const width = (Math.min(endMs, nowMs) - startMs) * scale;
    this.#context.strokeStyle = this.#colours.text;
    this.#context.lineWidth = 2;
    this.#context.strokeRect(Math.max(left, x) - 1, AXIS + row * rowHeight, Math.max(4, width + 2), rowHeight);
  }

  #select(mark) {
    this.#selected = mark;
    if (mark && this.#view.follows === false && (mark.startMs < this.#view.fromMs || mark.startMs > this.#view.toMs)) {
      const half = (this.#view.toMs - this.#view.fromMs) / 2;
      this.#view = { fromMs: mark.startMs - half, toMs: mark.startMs + half, follows: false };
    }
    this.#onSelect(mark && this.#describe(mark));
  }

  #describe({ activity, row, startMs, endMs, invocation }) {
    const sandbox = this.#drawn.rows.find((each) => each.row === row);
    const lasted = Number.isFinite(endMs) ? seconds(endMs - startMs) : 'running';
    if (!invocation) return `${shortName(sandbox.functionName)}: ${ACTIVITIES[activity]} of ${sandbox.id}, ${lasted}`;
    const { functionName, input, attempt, coldStart, error, s3 } = invocation;
    const parts = [taskName(functionName, input), lasted, `${s3} S3 requests`];
    if (coldStart) parts.push('first of its sandbox');
    if (attempt > 1) parts.push(`attempt ${attempt}`);
    if (error) parts.push(`failed: ${error.type}`);
    return `${parts.join(', ')} — ${sandbox.id}`;
  }

  #markAt(clientX, clientY) {
    const box = this.#canvas.getBoundingClientRect();
    const { rows, rowHeight, left } = this.#drawn;
    const atMs =
      this.#view.fromMs + ((clientX - box.left - left) / (box.width - left)) * (this.#view.toMs - this.#view.fromMs);
    const sandbox = rows[Math.floor((clientY - box.top - AXIS) / rowHeight)];
    const slack = (3 * (this.#view.toMs - this.#view.fromMs)) / box.width;
    return (
      sandbox && selectable(sandbox).findLast((mark) => mark.startMs - slack <= atMs && mark.endMs + slack >= atMs)
    );
  }

  zoom(factor, centre = (this.#view.fromMs + this.#view.toMs) / 2) {
    const span = Math.max(MIN_SPAN_MS, (this.#view.toMs - this.#view.fromMs) * factor);
    const share = (centre - this.#view.fromMs) / (this.#view.toMs - this.#view.fromMs);
    this.#view = { fromMs: centre - share * span, toMs: centre + (1 - share) * span, follows: false };
  }

  #move(share) {
    const by = (this.#view.toMs - this.#view.fromMs) * share;
    this.#view = { fromMs: this.#view.fromMs + by, toMs: this.#view.toMs + by, follows: false };
  }

  #step(direction) {
    const all = this.#drawn.rows.flatMap(selectable);
    const inOrder = all.toSorted((a, b) => a.startMs - b.startMs);
    const at = this.#selected ? inOrder.indexOf(this.#selected) : direction > 0 ? -1 : inOrder.length;
    this.#select(inOrder[Math.max(0, Math.min(inOrder.length - 1, at + direction))]);
  }

  /** Up and down: the mark of another sandbox that begins closest in time. */
  #stepRow(direction) {
    if (!this.#selected) return this.#step(1);
    const beyond = this.#drawn.rows.filter(
      (sandbox) => Math.sign(sandbox.row - this.#selected.row) === direction && selectable(sandbox).length > 0,
    );
    const nearest = direction > 0 ? beyond[0] : beyond.at(-1);
    if (!nearest) return;
    const inRow = selectable(nearest);
    this.#select(
      inRow.reduce((best, mark) =>
        Math.abs(mark.startMs - this.#selected.startMs) < Math.abs(best.startMs - this.#selected.startMs) ? mark : best,
      ),
    );
  }

  #keys = {
    ArrowRight: () => this.#step(1),
    ArrowLeft: () => this.#step(-1),
    ArrowDown: () => this.#stepRow(1),
    ArrowUp: () => this.#stepRow(-1),
    '+': () => this.zoom(0.5, this.#selected?.startMs),
    '=': () => this.zoom(0.5, this.#selected?.startMs),
    '-': () => this.zoom(2, this.#selected?.startMs),
    PageDown: () => this.#move(0.5),
    PageUp: () => this.#move(-0.5),
    0: () => this.fit(),
    Home: () => this.fit(),
    Escape: () => this.#select(undefined),
  };

  /** Show the whole time again, and follow it. */
  fit() {
    this.#view = { ...this.#view, follows: true };
  }

  #listen() {
    this.#canvas.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.#keys[event.key]) return;
      this.#keys[event.key]();
      event.preventDefault();
    });
    this.#canvas.addEventListener('click', (event) => this.#select(this.#markAt(event.clientX, event.clientY)));
    this.#canvas.addEventListener('pointermove', (event) => {
      if (event.buttons === 1 && event.pointerType === 'mouse' && Math.abs(event.movementX) > 0) {
        this.#move(-event.movementX / this.#canvas.clientWidth);
        return;
      }
      const mark = this.#markAt(event.clientX, event.clientY);
      this.#canvas.title = mark ? this.#describe(mark) : '';
    });
    this.#canvas.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.shiftKey) return; // plain scrolling moves the page
        event.preventDefault();
        const box = this.#canvas.getBoundingClientRect();
        const { left } = this.#drawn;
        const share = Math.max(0, (event.clientX - box.left - left) / (box.width - left));
        this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.#view.fromMs + share * (this.#view.toMs - this.#view.fromMs));
      },
      { passive: false },
    );
  }

  get numRows() {
    return this.#drawn.rows.length;
  }

  /** Milliseconds that pass until there is more to see. */
  get pixelMs() {
    return (this.#view.toMs - this.#view.fromMs) / Math.max(1, this.#canvas.clientWidth);
  }

  /** The range of time that is shown. */
  get shown() {
    return this.#view;
  }

  forget() {
    this.#selected = undefined;
    this.#view = { ...this.#view, follows: true };
  }

  /** After a change of the theme. */
  repaint() {
    this.#colours = undefined;
  }
}

/** Invocations and starts of sandboxes, which can be selected; bars of S3 belong to theirs. */
function selectable({ marks }) {
  return [...marks[0], ...marks[2], ...marks[5]];
}

function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
}

/** The colours of the stream, and what they mean. */
export function fillLegend() {
  for (const [i, name] of ACTIVITIES.entries()) {
    const entry = document.createElement('li');
    entry.className = `a${i}`;
    setText(entry, name);
    byId('legend').append(entry);
  }
}
