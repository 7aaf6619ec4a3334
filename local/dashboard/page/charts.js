// Two small charts over time: invocations in flight against the limit, and bytes to and from S3.

import { ink } from './dom.js';
import { bytes } from './format.js';

const AXIS = 16;
const TOP = 6;

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
function label({ context, width, height }, model, nowMs, top) {
  context.fillStyle = ink('--soft');
  context.textBaseline = 'alphabetic';
  context.textAlign = 'left';
  context.fillText('0 s', 0, height + AXIS + TOP - 4);
  context.fillText(top, 2, TOP + 10);
  context.textAlign = 'right';
  context.fillText(`${((nowMs - model.firstMs) / 1000).toFixed(1)} s`, width, height + AXIS + TOP - 4);
  context.fillStyle = ink('--line');
  context.fillRect(0, TOP + height, width, 1);
}

export function drawConcurrency(canvas, model, nowMs) {
  const frame = prepare(canvas);
  const { context, width, height } = frame;
  if (!Number.isFinite(model.firstMs)) return;
  const limit = model.emulator?.workers ?? 0;
  const { atMs, value } = model.concurrency;
  // room for the label above the limit
  const highest = value.reduce((most, each) => Math.max(most, each), 1.35 * Math.max(1, limit));
  const x = (at) => ((at - model.firstMs) / Math.max(1, nowMs - model.firstMs)) * width;
  const y = (count) => TOP + height - (count / highest) * height;
  context.fillStyle = ink('--a2');
  context.globalAlpha = 0.85;
  context.beginPath();
  context.moveTo(0, y(0));
  for (let i = 0; i < atMs.length; i++) {
    context.lineTo(x(atMs[i]), y(i === 0 ? 0 : value[i - 1]));
    context.lineTo(x(atMs[i]), y(value[i]));
  }
  context.lineTo(width, y(value.at(-1) ?? 0));
  context.lineTo(width, y(0));
  context.fill();
  context.globalAlpha = 1;
  if (limit > 0) {
    context.fillStyle = ink('--a6');
    for (let at = 0; at < width; at += 8) context.fillRect(at, y(limit), 5, 1.5);
  }
  label(frame, model, nowMs, limit > 0 ? `limit ${limit}` : '');
}

export function drawTraffic(canvas, model, nowMs) {
  const frame = prepare(canvas);
  const { context, width, height } = frame;
  if (!Number.isFinite(model.firstMs)) return;
  const { atMs, read, written } = model.s3;
  const numBins = Math.max(1, Math.floor(width / 4));
  const span = Math.max(1, nowMs - model.firstMs);
  const [reads, writes] = [new Float64Array(numBins), new Float64Array(numBins)];
  for (let i = 0; i < atMs.length; i++) {
    const bin = Math.min(numBins - 1, Math.floor(((atMs[i] - model.firstMs) / span) * numBins));
    reads[bin] += read[i];
    writes[bin] += written[i];
  }
  const most = Math.max(1, ...reads, ...writes);
  const middle = TOP + height / 2;
  const [readInk, writtenInk] = [ink('--a1'), ink('--a3')];
  for (let bin = 0; bin < numBins; bin++) {
    const [up, down] = [reads[bin], writes[bin]].map((each) =>
      each > 0 ? Math.max(1, (each / most) * (height / 2 - 1)) : 0,
    );
    context.fillStyle = readInk;
    context.fillRect(bin * 4, middle - up, 3, up);
    context.fillStyle = writtenInk;
    context.fillRect(bin * 4, middle, 3, down);
  }
  const binMs = span / numBins;
  label(frame, model, nowMs, `up to ${bytes((most / binMs) * 1000)}/s`);
}
