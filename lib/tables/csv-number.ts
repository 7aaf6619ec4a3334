// Numbers in a text, without making a string of each.

const LATIN = new TextDecoder('latin1');
/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MAX_EXACT_DIGITS = 15; // a whole number of so many digits is below 2^53

/**
 * The number that bytes [start, end) spell in decimal, rounded as `Number` rounds; NaN when they spell none. No spaces,
 * no hexadecimal, no infinity.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = bytes[at] === 45;
  if (isNegative || bytes[at] === 43) at++;
  let value = 0;
  let numDigits = 0; // without leading zeros
  let numDecimals = 0;
  let hasDigits = false;
  let hasPoint = false;
  for (; at < end; at++) {
    const digit = bytes[at] - 48;
    if (digit >= 0 && digit <= 9) {
      hasDigits = true;
      if (hasPoint) numDecimals++;
      if (value > 0 || digit > 0) numDigits++;
      if (numDigits <= MAX_EXACT_DIGITS) value = value * 10 + digit;
    } else if (bytes[at] === 46 && !hasPoint) hasPoint = true;
    else break;
  }
  if (!hasDigits) return Number.NaN;
  let exponent = 0;
  if (at < end) {
    if ((bytes[at] | 32) !== 101) return Number.NaN; // e or E
    at++;
    const isSmall = bytes[at] === 45;
    if (isSmall || bytes[at] === 43) at++;
    if (at >= end) return Number.NaN;
    for (; at < end; at++) {
      const digit = bytes[at] - 48;
      if (!(digit >= 0 && digit <= 9)) return Number.NaN;
      exponent = Math.min(100_000, exponent * 10 + digit);
    }
    if (isSmall) exponent = -exponent;
  }
  exponent -= numDecimals;
  if (numDigits > MAX_EXACT_DIGITS || exponent > 22 || exponent < -22) {
    return Number(LATIN.decode(bytes.subarray(start, end)));
  }
  // one rounding of exact numbers: the nearest double
  const magnitude = exponent < 0 ? value / POWERS[-exponent] : value * POWERS[exponent];
  return isNegative ? -magnitude : magnitude;
}
