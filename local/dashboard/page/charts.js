// Small charts: invocations in flight against the limit, bytes to and from S3, rows of the partitions.

import { ink } from './dom.js';
import { bytes, seconds } from './format.js';

const AXIS = 16;
const TOP = 18; // for the text above
const BIN = 4; // width of a bar of the traffic, with the gap
const MOST_WIDE = 80; // of the bar of a partition

function prepare(canvas) {
  const ratio = globalThis.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  return { context, width, height: height - AXIS - TOP };
}

/** Label the ends of the time, and the highest value. */
function label({ context, width, height }, baseMs, { fromMs, toMs }, top) {
  const bottom = TOP + height;
  context.fillStyle = ink('--soft');
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  context.fillText(seconds(fromMs - baseMs), 0, bottom + AXIS - 4);
  context.fillText(top, 2, TOP - 6);
  context.textAlign = 'right';
  context.fillText(seconds(toMs - baseMs), width, bottom + AXIS - 4);
  context.fillStyle = ink('--line');
  context.fillRect(0, bottom, width, 1);
}

/** Where the first of ascending times that are not before one stands. */
function findFirst(times, atMs) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Draw concurrency over time.
 *
 * @param counters counters of a run or of all runs
 * @param limit line at the limit of workers; 0 or undefined for none
 * @param times `baseMs`: the time labelled 0 s; `range`: the time to show; `nowMs`: end of the known time
 */
export function drawConcurrency(canvas, { concurrency }, limit, { baseMs, range, nowMs }) {
  const frame = prepare(canvas);
  const { context, width, height } = frame;
  const { atMs, value } = concurrency;
  const first = findFirst(atMs, range.fromMs);
  const last = findFirst(atMs, range.toMs);
  const before = first > 0 ? value[first - 1] : 0;
  let most = before;
  for (let i = first; i < last; i++) most = Math.max(most, value[i]);
  const highest = Math.max(1, most, limit ?? 0);
  const x = (at) => ((at - range.fromMs) / Math.max(1, range.toMs - range.fromMs)) * width;
  const y = (count) => TOP + height - (count / highest) * (height - 2);
  context.fillStyle = ink('--a2');
  // a column for each stretch of one value; of many in one pixel the highest
  let [from, now] = [0, before];
  for (let i = first; i <= last; i++) {
    const at = Math.round(i < last ? x(atMs[i]) : Math.min(width, x(Math.max(range.fromMs, nowMs))));
    if (at - from >= 1 || i === last) {
      context.fillRect(from, y(now), Math.max(0, at - from), y(0) - y(now));
      [from, now] = [at, value[i]];
    } else now = Math.max(now, value[i]);
  }
  if (limit > 0) {
    context.fillStyle = ink('--a6');
    for (let at = 0; at < width; at += 8) context.fillRect(at, y(limit) - 1, 5, 1.5);
  }
  label(frame, baseMs, range, `${limit > 0 ? `limit ${limit}, ` : ''}most ${most}`);
}

/** @param counts of a run or of all, with `s3` */
export function drawTraffic(canvas, { s3 }, baseMs, range) {
  const frame = prepare(canvas);
  const { context, width, height } = frame;
  const { atMs, read, written } = s3;
  const numBins = Math.max(1, Math.floor(width / BIN));
  const span = Math.max(1, range.toMs - range.fromMs);
  const [reads, writes] = [new Float64Array(numBins), new Float64Array(numBins)];
  for (let i = findFirst(atMs, range.fromMs); i < atMs.length && atMs[i] <= range.toMs; i++) {
    const bin = Math.min(numBins - 1, Math.floor(((atMs[i] - range.fromMs) / span) * numBins));
    reads[bin] += read[i];
    writes[bin] += written[i];
  }
  const most = Math.max(...reads, ...writes);
  const middle = TOP + height / 2;
  const [readInk, writtenInk] = [ink('--a1'), ink('--a3')];
  for (let bin = 0; bin < numBins; bin++) {
    const [up, down] = [reads[bin], writes[bin]].map((each) =>
      each > 0 ? Math.max(1, (each / most) * (height / 2 - 1)) : 0,
    );
    context.fillStyle = readInk;
    context.fillRect(bin * BIN, middle - up, BIN - 1, up);
    context.fillStyle = writtenInk;
    context.fillRect(bin * BIN, middle, BIN - 1, down);
  }
  const binMs = span / numBins;
  label(frame, baseMs, range, most > 0 ? `up to ${bytes((most / binMs) * 1000)}/s` : 'none');
}

export const countRows = ({ classCounts }) => classCounts.reduce((sum, rows) => sum + rows, 0);

/** Place of the partition below a point, from the left edge. */
export function partitionAt(canvas, partitions, x) {
  return Math.floor((x / canvas.clientWidth) * partitions.length);
}

/** A bar for each partition, divided into its classes; where there are more than pixels, one stands for its neighbours. */
export function drawPartitions(canvas, partitions) {
  const { context, width } = prepare(canvas);
  const height = canvas.clientHeight;
  const most = partitions.reduce((top, partition) => Math.max(top, countRows(partition)), 1);
  const slot = width / partitions.length;
  const gap = slot > 4 ? Math.max(slot * 0.08, (slot - MOST_WIDE) / 2) : 0;
  const inks = Array.from({ length: 10 }, (_, k) => ink(`--c${k}`));
  let lastX = -1;
  // those that are not there yet leave their place free
  partitions.forEach((partition, index) => {
    const x = Math.round(index * slot + gap);
    if (x < lastX) return;
    const wide = Math.max(1, Math.round((index + 1) * slot - gap) - x);
    let below = 0;
    for (const [k, rows] of partition.classCounts.entries()) {
      const part = (rows / most) * height;
      below += part;
      context.fillStyle = inks[k % inks.length];
      context.fillRect(x, height - below, wide, part);
    }
    lastX = x + wide;
  });
}
