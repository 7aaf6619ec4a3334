// Sums without rounding: the same for any order and any grouping, so metrics do not depend on the partitions.
//
// A sum is held as parts: doubles that do not overlap, smallest first, that add up to it exactly. Numbers of similar
// size need two or three. In stored form ("settled") the nearest double comes first, then the nearest double to the
// remainder, and so on, so that equal sums have equal parts. Products are split exactly as well. Source: Shewchuk,
// "Adaptive precision floating-point arithmetic", doi:10.1007/PL00009321; Python's math.fsum.

import { InputError } from '../base/errors.ts';

const SPLITTER = 134217729; // 2^27 + 1 cuts a double into two halves of 26 bits

/**
 * Add a number to `parts[from…]`, which must be empty or filled by this function.
 *
 * @throws {InputError} when the number is not finite or the sum leaves the range of a double
 */
export function addExact(parts: number[], x: number, from = 0): void {
  let end = from;
  for (let i = from; i < parts.length; i++) {
    const part = parts[i];
    const sum = x + part;
    const rounded = sum - x;
    const error = x - (sum - rounded) + (part - rounded);
    if (error !== 0) parts[end++] = error;
    x = sum;
  }
  if (!Number.isFinite(x)) throw new InputError(`a sum must stay in the range of a double, got ${x}`);
  if (x !== 0 || end === from) parts[end++] = x + 0; // never -0, which JSON loses
  parts.length = end;
}

/** Add the exact product of two numbers, each 0 or from 2^-960 to 2^990 in size. */
export function addProduct(parts: number[], a: number, b: number): void {
  const [high, low] = product(a, b);
  addExact(parts, high);
  addExact(parts, low);
}

/** The product as nearest double and remainder, by Veltkamp and Dekker. */
export function product(a: number, b: number): [nearest: number, rest: number] {
  const nearest = a * b;
  const aHigh = SPLITTER * a - (SPLITTER * a - a);
  const aLow = a - aHigh;
  const bHigh = SPLITTER * b - (SPLITTER * b - b);
  const bLow = b - bHigh;
  return [nearest, aLow * bLow - (nearest - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
}

/** Bring `parts[from…]` to stored form; nothing may be added afterwards. */
export function settle(parts: number[], from = 0): void {
  if (parts.length <= from + 1) return;
  const settled: number[] = [];
  for (let nearest = round(parts, from); nearest !== 0 || settled.length === 0; nearest = round(parts, from)) {
    settled.push(nearest);
    addExact(parts, -nearest, from);
  }
  parts.length = from;
  parts.push(...settled);
}

/** Sum of stored sums, in stored form. */
export function mergeSums(sums: readonly (readonly number[])[]): number[] {
  const parts: number[] = [];
  for (const sum of sums) for (const part of sum) addExact(parts, part);
  settle(parts);
  return parts;
}

/** The double nearest to a stored sum; 0 for an empty one. */
export function nearestSum(settled: readonly number[]): number {
  return settled.length === 0 ? 0 : settled[0];
}

/** The double nearest to the sum of `parts[from…]`, ties to even. */
function round(parts: readonly number[], from: number): number {
  let i = parts.length - 1;
  let high = parts[i];
  let low = 0;
  while (i > from && low === 0) {
    const part = parts[--i];
    const sum = high + part;
    low = part - (sum - high);
    high = sum;
  }
  // the sum lies halfway between two doubles, and the smaller parts decide to which side it rounds
  if (i > from && low !== 0 && low > 0 === parts[i - 1] > 0) {
    const up = high + low * 2;
    if (up - high === low * 2) high = up;
  }
  return high;
}
