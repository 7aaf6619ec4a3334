// Parses numbers in a text without making strings.

import { DIGIT_0, LETTER_E, LOWER_CASE, MINUS, PLUS, POINT } from './ascii.ts';

const LATIN = new TextDecoder('latin1');
/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MAX_EXACT_DIGITS = 15; // an integer with this many digits is below 2^53

/**
 * Parse bytes [start, end) as a decimal number, rounded like `Number` does; NaN if they are not one. Spaces,
 * hexadecimal numbers and infinity are not accepted.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = bytes[at] === MINUS;
  if (isNegative || bytes[at] === PLUS) at++;
  let value = 0;
  let numDigits = 0; // without leading zeros
  let numDecimals = 0;
  let hasDigits = false;
  let hasPoint = false;
  for (; at < end; at++) {
    const digit = bytes[at] - DIGIT_0;
    if (digit >= 0 && digit <= 9) {
      hasDigits = true;
      if (hasPoint) numDecimals++;
      if (value > 0 || digit > 0) numDigits++;
      if (numDigits <= MAX_EXACT_DIGITS) value = value * 10 + digit;
    } else if (bytes[at] === POINT && !hasPoint) hasPoint = true;
    else break;
  }
  if (!hasDigits) return Number.NaN;
  let exponent = 0;
  if (at < end) {
    if ((bytes[at] | LOWER_CASE) !== LETTER_E) return Number.NaN;
    at++;
    const isSmall = bytes[at] === MINUS;
    if (isSmall || bytes[at] === PLUS) at++;
    if (at >= end) return Number.NaN;
    for (; at < end; at++) {
      const digit = bytes[at] - DIGIT_0;
      if (!(digit >= 0 && digit <= 9)) return Number.NaN;
      exponent = Math.min(100_000, exponent * 10 + digit);
    }
    if (isSmall) exponent = -exponent;
  }
  exponent -= numDecimals;
  if (numDigits > MAX_EXACT_DIGITS || exponent > 22 || exponent < -22) {
    return Number(LATIN.decode(bytes.subarray(start, end)));
  }
  // both numbers are exact, so a single rounding gives the nearest double
  const magnitude = exponent < 0 ? value / POWERS[-exponent] : value * POWERS[exponent];
  return isNegative ? -magnitude : magnitude;
}
