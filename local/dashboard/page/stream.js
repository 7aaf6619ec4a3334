// The task stream: a row for each sandbox, a bar for each thing that it does, on a canvas.

import { byId, ink, setText } from './dom.js';
import { seconds, taskName } from './format.js';
import { ACTIVITIES, rowsOf, shortName } from './model.js';

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

export function createStream(canvas, onSelect) {
  const context = canvas.getContext('2d');
  let view = { fromMs: 0, toMs: 1, follows: true };
  let drawn = { rows: [], baseMs: 0, nowMs: 0, rowHeight: 14, left: 0 };
  let selected;
  let colours;

  function readColours() {
    colours = {
      marks: ACTIVITIES.map((_, i) => ink(`--a${i}`)),
      text: ink('--text'),
      soft: ink('--soft'),
      line: ink('--line'),
    };
  }

  /**
   * @param run whose sandboxes and time are shown; all when there is none
   * @param range its time
   * @param nowMs the time that is looked at
   */
  function draw(model, run, range, nowMs) {
    if (!colours) readColours();
    if (view.follows) view = { ...range, toMs: Math.max(range.toMs, range.fromMs + 1000), follows: true };
    const { fromMs, toMs } = view;
    const rows = rowsOf(model, run, range);
    const numRows = Math.max(1, rows.length);
    const rowHeight = Math.max(4, Math.min(18, Math.floor(MOST_HEIGHT / numRows)));
    const ratio = globalThis.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = Math.max(LEAST_HEIGHT, AXIS + numRows * rowHeight + 4);
    const left = width < NARROW || rowHeight < NAMED ? 0 : NAMES;
    drawn = { rows, baseMs: range.fromMs, nowMs, rowHeight, left };
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.setProperty('height', `${height}px`);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const scale = (width - left) / (toMs - fromMs);
    drawAxis(width, height, scale);
    for (const activity of ORDER) {
      context.fillStyle = colours.marks[activity];
      const [offset, share] = SHAPES[activity];
      const barHeight = Math.max(1, rowHeight * share);
      for (const [at, { marks }] of rows.entries()) {
        const y = AXIS + (at + offset) * rowHeight;
        // bars with less than half a pixel between them are drawn as one
        let [from, to] = [0, -1];
        for (const { startMs, endMs } of marks[activity]) {
          if (startMs > toMs || endMs < fromMs || startMs > nowMs) continue;
          const x = left + Math.max(0, (startMs - fromMs) * scale);
          const end = left + (Math.min(endMs, nowMs, toMs) - fromMs) * scale;
          if (activity === WAIT && end - x < 0.5) continue;
          const after = x + (activity === KILLED ? 3 : Math.max(0.7, end - x));
          if (x < to + 0.5 && x >= from) {
            to = Math.max(to, after);
            continue;
          }
          if (to > from) context.fillRect(from, y, to - from, barHeight);
          [from, to] = [x, after];
        }
        if (to > from) context.fillRect(from, y, to - from, barHeight);
      }
    }
    if (left > 0) drawNames();
    if (selected) drawSelection(scale);
  }

  function drawAxis(width, height, scale) {
    const { fromMs, toMs } = view;
    const { baseMs: base, left } = drawn;
    const step = roundStep((toMs - fromMs) / Math.max(2, (width - left) / 90));
    context.font = '11px system-ui, sans-serif';
    context.textBaseline = 'middle';
    for (let at = Math.ceil((fromMs - base) / step) * step; at <= toMs - base; at += step) {
      const x = left + (at + base - fromMs) * scale;
      context.fillStyle = colours.line;
      context.fillRect(x, AXIS - 4, 1, height);
      context.fillStyle = colours.soft;
      context.textAlign = x > width - 30 ? 'right' : 'left';
      context.fillText(`${Number((at / 1000).toPrecision(6))} s`, x + (x > width - 30 ? -3 : 3), 8);
    }
  }

  function drawNames() {
    const { rows, rowHeight } = drawn;
    context.font = `${Math.min(11, rowHeight - 1)}px system-ui, sans-serif`;
    context.textAlign = 'left';
    for (const [at, { functionName, id, state }] of rows.entries()) {
      context.fillStyle = state === 'gone' ? colours.soft : colours.text;
      context.fillText(`${shortName(functionName)} ${id.slice(-4)}`, 2, AXIS + (at + 0.5) * rowHeight);
    }
  }

  function drawSelection(scale) {
    const { startMs, endMs } = selected;
    const { rows, rowHeight, nowMs, left } = drawn;
    const row = rows.findIndex((sandbox) => sandbox.row === selected.row);
    if (row === -1) return;
    const x = left + (startMs - view.fromMs) * scale;
    const width = (Math.min(endMs, nowMs) - startMs) * scale;
    context.strokeStyle = colours.text;
    context.lineWidth = 2;
    context.strokeRect(Math.max(left, x) - 1, AXIS + row * rowHeight, Math.max(4, width + 2), rowHeight);
  }

  function roundStep(least) {
    const power = 10 ** Math.floor(Math.log10(least));
    return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
  }

  /** Invocations and starts of sandboxes, which can be chosen; bars of S3 belong to theirs. */
  const choicesOf = ({ marks }) => [...marks[0], ...marks[2], ...marks[5]];
  const choices = () => drawn.rows.flatMap(choicesOf);

  function select(mark) {
    selected = mark;
    if (mark && view.follows === false && (mark.startMs < view.fromMs || mark.startMs > view.toMs)) {
      const half = (view.toMs - view.fromMs) / 2;
      view = { fromMs: mark.startMs - half, toMs: mark.startMs + half, follows: false };
    }
    onSelect(mark && describe(mark));
  }

  function describe({ activity, row, startMs, endMs, invocation }) {
    const sandbox = drawn.rows.find((each) => each.row === row);
    const lasted = Number.isFinite(endMs) ? seconds(endMs - startMs) : 'running';
    if (!invocation) return `${shortName(sandbox.functionName)}: ${ACTIVITIES[activity]} of ${sandbox.id}, ${lasted}`;
    const { functionName, input, attempt, coldStart, error, s3 } = invocation;
    const parts = [taskName(functionName, input), lasted, `${s3} S3 requests`];
    if (coldStart) parts.push('first of its sandbox');
    if (attempt > 1) parts.push(`attempt ${attempt}`);
    if (error) parts.push(`failed: ${error.type}`);
    return `${parts.join(', ')} — ${sandbox.id}`;
  }

  function markAt(clientX, clientY) {
    const box = canvas.getBoundingClientRect();
    const { rows, rowHeight, left } = drawn;
    const atMs = view.fromMs + ((clientX - box.left - left) / (box.width - left)) * (view.toMs - view.fromMs);
    const sandbox = rows[Math.floor((clientY - box.top - AXIS) / rowHeight)];
    const slack = (3 * (view.toMs - view.fromMs)) / box.width;
    return sandbox && choicesOf(sandbox).findLast((mark) => mark.startMs - slack <= atMs && mark.endMs + slack >= atMs);
  }

  function zoom(factor, centre = (view.fromMs + view.toMs) / 2) {
    const span = Math.max(MIN_SPAN_MS, (view.toMs - view.fromMs) * factor);
    const share = (centre - view.fromMs) / (view.toMs - view.fromMs);
    view = { fromMs: centre - share * span, toMs: centre + (1 - share) * span, follows: false };
  }

  function move(share) {
    const by = (view.toMs - view.fromMs) * share;
    view = { fromMs: view.fromMs + by, toMs: view.toMs + by, follows: false };
  }

  function step(direction) {
    const all = choices();
    const inOrder = all.toSorted((a, b) => a.startMs - b.startMs);
    const at = selected ? inOrder.indexOf(selected) : direction > 0 ? -1 : inOrder.length;
    select(inOrder[Math.max(0, Math.min(inOrder.length - 1, at + direction))]);
  }

  /** Up and down: the mark of another sandbox that begins closest in time. */
  function stepRow(direction) {
    if (!selected) return step(1);
    const beyond = drawn.rows.filter(
      (sandbox) => Math.sign(sandbox.row - selected.row) === direction && choicesOf(sandbox).length > 0,
    );
    const nearest = direction > 0 ? beyond[0] : beyond.at(-1);
    if (!nearest) return;
    const inRow = choicesOf(nearest);
    select(
      inRow.reduce((best, mark) =>
        Math.abs(mark.startMs - selected.startMs) < Math.abs(best.startMs - selected.startMs) ? mark : best,
      ),
    );
  }

  const KEYS = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowDown: () => stepRow(1),
    ArrowUp: () => stepRow(-1),
    '+': () => zoom(0.5, selected?.startMs),
    '=': () => zoom(0.5, selected?.startMs),
    '-': () => zoom(2, selected?.startMs),
    PageDown: () => move(0.5),
    PageUp: () => move(-0.5),
    0: () => fit(),
    Home: () => fit(),
    Escape: () => select(undefined),
  };

  function fit() {
    view = { ...view, follows: true };
  }

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    KEYS[event.key]();
    event.preventDefault();
  });
  canvas.addEventListener('click', (event) => select(markAt(event.clientX, event.clientY)));
  canvas.addEventListener('pointermove', (event) => {
    if (event.buttons === 1 && event.pointerType === 'mouse' && Math.abs(event.movementX) > 0) {
      move(-event.movementX / canvas.clientWidth);
      return;
    }
    const mark = markAt(event.clientX, event.clientY);
    canvas.title = mark ? describe(mark) : '';
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.shiftKey) return; // plain scrolling moves the page
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      const { left } = drawn;
      const share = Math.max(0, (event.clientX - box.left - left) / (box.width - left));
      zoom(event.deltaY > 0 ? 1.25 : 0.8, view.fromMs + share * (view.toMs - view.fromMs));
    },
    { passive: false },
  );

  return {
    draw,
    zoom,
    fit,
    numRows: () => drawn.rows.length,
    /** Milliseconds that pass until there is more to see. */
    pixelMs: () => (view.toMs - view.fromMs) / Math.max(1, canvas.clientWidth),
    /** The range of time that is shown. */
    shown: () => view,
    forget: () => {
      selected = undefined;
      view = { ...view, follows: true };
    },
    /** After a change of the theme. */
    repaint: () => (colours = undefined),
  };
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
