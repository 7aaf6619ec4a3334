// Charts as SVG text: a frame with two axes, and marks in it. No DOM, so that it runs in a function.

import { escapeHtml } from './html.ts';

export interface Axis {
  label: string;
  /** Ends of the axis, low and high. */
  domain: [low: number, high: number];
  /** @default a few round numbers */
  ticks?: number[];
  /** Format of a tick. @default up to 6 digits */
  format?: (value: number) => string;
  isLog?: boolean;
}

export interface ChartOptions {
  title: string;
  /** Text alternative for readers who cannot see the chart. */
  description: string;
  x: Axis;
  y: Axis;
  /** In user units, about pixels. @default 420 × 320 */
  width?: number;
  height?: number;
  /** Marks, given the positions of values. */
  draw(x: (value: number) => number, y: (value: number) => number): string;
  /** Below the chart. */
  legend?: readonly LegendEntry[];
}

/** An SVG image and its texts. */
interface Figure extends Pick<ChartOptions, 'title' | 'description' | 'legend'> {
  /** In user units, about pixels. */
  width: number;
  height: number;
  /** Elements of the image. */
  content: string;
}

/** A rectangle in user units; x and y are those of its top left corner. */
interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface LegendEntry {
  /** A class that sets `--ink`. */
  style: string;
  label: string;
}

const TOP = 12;
const RIGHT = 14;
const BOTTOM = 44;
/** Room for the ticks of the y axis at least, and for its label. */
const LEFT = 52;
const LABEL = 26;
/** Between two ticks of the x axis at least, and between their texts. */
const TICK = 75;
const GAP = 16;
/** A digit is about as wide, on a phone too, where the text of a chart is larger. */
const CHARACTER = 7.5;
/** Wider charts scroll on a narrow screen. */
const NARROW = 600;

/** A chart with its title and legend. */
export function chart(options: ChartOptions): string {
  const { title, description, x, y, width = 420, height = 320, draw, legend = [] } = options;
  const yValues = chooseTicks(y, 5);
  const left = Math.max(LEFT, LABEL + tickWidth(y, yValues));
  const toX = scale(x, left, width - RIGHT);
  const toY = scale(y, height - BOTTOM, TOP);
  const bottom = height - BOTTOM;
  const apart = Math.max(TICK, GAP + tickWidth(x, chooseTicks(x, (width - left) / TICK)));
  const xTicks = chooseTicks(x, (width - left) / apart)
    .map((value) => {
      const at = round(toX(value));
      return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/><text x="${at}" y="${bottom + 16}" text-anchor="middle">${write(x, value)}</text>`;
    })
    .join('');
  const yTicks = yValues
    .map((value) => {
      const at = round(toY(value));
      return `<line class="grid" x1="${left}" x2="${width - RIGHT}" y1="${at}" y2="${at}"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${write(y, value)}</text>`;
    })
    .join('');
  const labels =
    `<text class="axis" x="${(left + width - RIGHT) / 2}" y="${height - 8}" text-anchor="middle">${escapeHtml(x.label)}</text>` +
    `<text class="axis" transform="translate(12 ${(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(y.label)}</text>`;
  const content = `${xTicks}${yTicks}${labels}${draw(toX, toY)}`;
  return figure({ title, description, width, height, content, legend });
}

function tickWidth(axis: Axis, values: readonly number[]): number {
  return CHARACTER * Math.max(0, ...values.map((value) => write(axis, value).length));
}

/** An image with a title, a description and a legend. */
export function figure({ title, description, width, height, content, legend = [] }: Figure): string {
  const entries = legend.map(({ style, label }) => `<li class="${style}">${escapeHtml(label)}</li>`).join('');
  const isWide = width > NARROW;
  const image = `<svg${isWide ? ' class="wide"' : ''} viewBox="0 0 ${width} ${round(height)}" role="img" aria-label="${escapeHtml(`${title}: ${description}`)}">${content}</svg>`;
  const scrolled = isWide
    ? `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}">${image}</div>`
    : image;
  return `<figure><figcaption>${escapeHtml(title)}</figcaption>${scrolled}${entries ? `<ul class="legend">${entries}</ul>` : ''}</figure>`;
}

/** A line through points, in order. */
export function line(points: readonly (readonly [number, number])[], style: string): string {
  const path = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline class="line ${style}" points="${path}"/>`;
}

/** A bar with a tooltip. */
export function bar({ x, y, width, height }: Box, style: string, title: string): string {
  return `<rect class="bar ${style}" x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${round(Math.max(0, height))}"><title>${escapeHtml(title)}</title></rect>`;
}

/** Round to a tenth of a unit, which is not visible. */
export const round = (value: number) => Math.round(value * 10) / 10;

function scale({ domain, isLog }: Axis, from: number, to: number): (value: number) => number {
  const transform = isLog ? Math.log10 : (value: number) => value;
  const [low, high] = domain.map(transform) as [number, number];
  const span = high - low || 1;
  return (value) => from + ((transform(value) - low) / span) * (to - from);
}

/** @param most approximate number of ticks */
function chooseTicks({ domain: [low, high], ticks, isLog }: Axis, most: number): number[] {
  if (ticks) return ticks;
  if (isLog) {
    const powers = Array.from({ length: 9 }, (_, i) => 10 ** i);
    return powers.filter((power) => power >= low && power <= high);
  }
  const step = roundStep((high - low) / most);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

/** The nearest of 1, 2 and 5 times a power of ten above. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least * 0.999)!;
}

function write({ format }: Axis, value: number): string {
  return escapeHtml(format ? format(value) : Number(value.toPrecision(6)));
}
