// The task stream: a row for each sandbox, a bar for each thing that it does, on a canvas.

import { byId, ink, setText } from './dom.js';
import { seconds, taskName } from './format.js';
import { ACTIVITIES, shortName } from './model.js';

const NAMES = 128; // room for the sandboxes' names, in CSS pixels
const AXIS = 22;
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

export function createStream(canvas, onSelect) {
  const context = canvas.getContext('2d');
  let view = { fromMs: 0, toMs: 1, follows: true };
  let drawn = { model: undefined, nowMs: 0, rowHeight: 14 };
  let selected;
  let colours;

  function readColours() {
    colours = {
      marks: ACTIVITIES.map((_, i) => ink(`--a${i}`)),
      text: ink('--text'),
      soft: ink('--soft'),
      line: ink('--line'),
      accent: ink('--accent'),
    };
  }

  /** The range of time that is shown. */
  function rangeOf(model, nowMs) {
    if (!view.follows) return view;
    const fromMs = Number.isFinite(model.firstMs) ? model.firstMs : nowMs - 1000;
    return { fromMs, toMs: Math.max(nowMs, fromMs + 1000), follows: true };
  }

  function draw(model, nowMs) {
    if (!colours) readColours();
    view = rangeOf(model, nowMs);
    const { fromMs, toMs } = view;
    const numRows = Math.max(1, model.rows.length);
    const rowHeight = Math.max(4, Math.min(18, Math.floor(420 / numRows)));
    drawn = { model, nowMs, rowHeight };
    const ratio = globalThis.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = AXIS + numRows * rowHeight + 4;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.setProperty('height', `${height}px`);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const left = width < 520 ? 0 : NAMES;
    const scale = (width - left) / (toMs - fromMs);
    drawAxis(model, left, width, height, scale);
    for (const activity of ORDER) {
      context.fillStyle = colours.marks[activity];
      const [offset, share] = SHAPES[activity];
      const barHeight = Math.max(1, rowHeight * share);
      let lastX = -1; // of the pixel that the last bar of the row ended in: more bars there would not show
      let lastRow = -1;
      for (const mark of model.marks) {
        if (mark.activity !== activity || mark.startMs > toMs || mark.endMs < fromMs) continue;
        const x = left + Math.max(0, (mark.startMs - fromMs) * scale);
        const end = left + (Math.min(mark.endMs, nowMs, toMs) - fromMs) * scale;
        const wide = activity === 6 ? 3 : Math.max(0.7, end - x);
        if (wide < 1 && mark.row === lastRow && x < lastX + 0.5) continue;
        context.fillRect(x, AXIS + mark.row * rowHeight + offset * rowHeight, wide, barHeight);
        lastX = x + wide;
        lastRow = mark.row;
      }
    }
    if (left > 0 && rowHeight >= 10) drawNames(model, rowHeight);
    if (selected) drawSelection(left, scale);
  }

  function drawAxis(model, left, width, height, scale) {
    const { fromMs, toMs } = view;
    const base = Number.isFinite(model.firstMs) ? model.firstMs : fromMs;
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

  function drawNames(model, rowHeight) {
    context.font = '11px system-ui, sans-serif';
    context.textAlign = 'left';
    for (const { functionName, id, row, state } of model.rows) {
      context.fillStyle = state === 'gone' ? colours.soft : colours.text;
      context.fillText(`${shortName(functionName)} ${id.slice(-4)}`, 2, AXIS + (row + 0.5) * rowHeight);
    }
  }

  function drawSelection(left, scale) {
    const { startMs, endMs, row } = selected;
    const { rowHeight, nowMs } = drawn;
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
  const choices = () =>
    (drawn.model?.marks ?? []).filter(({ activity }) => activity === 0 || activity === 2 || activity === 5);

  function select(mark) {
    selected = mark;
    if (mark && view.follows === false && (mark.startMs < view.fromMs || mark.startMs > view.toMs)) {
      const half = (view.toMs - view.fromMs) / 2;
      view = { fromMs: mark.startMs - half, toMs: mark.startMs + half, follows: false };
    }
    onSelect(mark && describe(mark));
  }

  function describe({ activity, row, startMs, endMs, invocation }) {
    const sandbox = drawn.model.rows[row];
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
    const left = box.width < 520 ? 0 : NAMES;
    const atMs = view.fromMs + ((clientX - box.left - left) / (box.width - left)) * (view.toMs - view.fromMs);
    const row = Math.floor((clientY - box.top - AXIS) / drawn.rowHeight);
    const slack = (3 * (view.toMs - view.fromMs)) / box.width;
    return choices().findLast((mark) => mark.row === row && mark.startMs - slack <= atMs && mark.endMs + slack >= atMs);
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
    const rows = choices().filter(({ row }) => Math.sign(row - selected.row) === direction);
    if (rows.length === 0) return;
    const nearest = Math.min(...rows.map(({ row }) => Math.abs(row - selected.row)));
    const inRow = rows.filter(({ row }) => Math.abs(row - selected.row) === nearest);
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
      const left = box.width < 520 ? 0 : NAMES;
      const share = Math.max(0, (event.clientX - box.left - left) / (box.width - left));
      zoom(event.deltaY > 0 ? 1.25 : 0.8, view.fromMs + share * (view.toMs - view.fromMs));
    },
    { passive: false },
  );

  return {
    draw,
    zoom,
    fit,
    isFollowing: () => view.follows,
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
