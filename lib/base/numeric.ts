// log, exp, sine and the normal quantile with the same last bit everywhere.
//
// Math.log, Math.exp and the like may differ in the last bit between engines, their versions and CPUs, and one such bit
// would change a value on disk. Everything here is built from operations that IEEE 754 rounds in exactly one way
// (+ - * / and Math.sqrt), from Math.floor and from views of the bits of a double (little-endian, as every platform of
// Node is). ECMAScript forbids fusing a multiplication with an addition, so x64 and arm64 agree.

const LN2_HIGH = 0.6931471803691238; // its last 21 bits are 0: times an exponent it is exact
const LN2_LOW = 1.9082149292705877e-10;
const TWO_54 = 18014398509481984;
const SQRT_HALF_HIGH = 0x3fe6a09e; // high word of sqrt(2)/2

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/**
 * Natural logarithm, to within 1 ulp.
 *
 * @returns NaN below 0, -Infinity at 0
 * Source: FreeBSD's e_log.c; copyright 1993 Sun Microsystems, Inc., permission to use, copy, modify and distribute it
 * is freely granted, provided that this notice is preserved.
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let exponent = -1023;
  if (x < 2.2250738585072014e-308) {
    x *= TWO_54; // subnormal
    exponent -= 54;
  }
  // x = 2^exponent * (1 + f) with 1 + f in [sqrt(2)/2, sqrt(2))
  double[0] = x;
  const high = words[1] + (0x3ff00000 - SQRT_HALF_HIGH);
  exponent += high >>> 20;
  words[1] = (high & 0xfffff) + SQRT_HALF_HIGH;
  const f = double[0] - 1;
  const halfSquare = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  return s * (halfSquare + even + odd) + exponent * LN2_LOW - halfSquare + f + exponent * LN2_HIGH;
}

/**
 * e to the power x, to within 1 ulp.
 *
 * Source: FreeBSD's e_exp.c; copyright 2004 Sun Microsystems, Inc., permission to use, copy, modify and distribute it
 * is freely granted, provided that this notice is preserved.
 */
export function exp(x: number): number {
  if (!(x <= 709.782712893384)) return x > 0 ? Infinity : NaN;
  if (x < -745.1332191019412) return 0;
  // x = exponent * ln 2 + r with |r| at most ln(2)/2
  const exponent = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - exponent * LN2_HIGH;
  const low = exponent * LN2_LOW;
  const r = high - low;
  const square = r * r;
  const c =
    r -
    square *
      (0.16666666666666602 +
        square *
          (-0.0027777777777015593 +
            square * (0.00006613756321437934 + square * (-0.0000016533902205465252 + square * 4.1381367970572385e-8))));
  const y = 1 + ((r * c) / (2 - c) - low + high);
  if (exponent < -1021) return y * powerOfTwo(exponent + 1000) * 9.332636185032189e-302; // 2^-1000, one rounding
  return exponent === 1024 ? y * 2 * powerOfTwo(1023) : y * powerOfTwo(exponent);
}

/** @param exponent from -1022 to 1023 */
function powerOfTwo(exponent: number): number {
  words[0] = 0;
  words[1] = (exponent + 1023) << 20;
  return double[0];
}

/**
 * sin(π x) to within 4e-16.
 *
 * @param x from 0 to 1
 */
export function sinPi(x: number): number {
  const angle = Math.PI * (x > 0.5 ? 1 - x : x); // 1 - x is exact
  const square = angle * angle;
  let sum = 0;
  // Taylor, the smallest term first: the next one is below 1e-18 for an angle up to π/2
  for (let n = 21; n >= 3; n -= 2) sum = (-square / (n * (n - 1))) * (1 + sum);
  return angle * (1 + sum);
}

/**
 * The x below which a standard normal variable falls with probability p, to about 1 part in 10^16.
 *
 * @param p from 0 to 1; 0 gives -Infinity, 1 gives Infinity
 * Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", routine PPND16,
 * doi:10.2307/2347330.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const r = 0.180625 - q * q;
    const numerator =
      ((((((2509.0809287301227 * r + 33430.57558358813) * r + 67265.7709270087) * r + 45921.95393154987) * r +
        13731.69376550946) *
        r +
        1971.5909503065513) *
        r +
        133.14166789178438) *
        r +
      3.3871328727963665;
    const denominator =
      ((((((5226.495278852854 * r + 28729.085735721943) * r + 39307.89580009271) * r + 21213.794301586597) * r +
        5394.196021424751) *
        r +
        687.1870074920579) *
        r +
        42.31333070160091) *
        r +
      1;
    return (q * numerator) / denominator;
  }
  const tail = q < 0 ? p : 1 - p;
  if (!(tail > 0)) return tail === 0 ? q * Infinity : NaN;
  let r = Math.sqrt(-log(tail));
  let numerator: number;
  let denominator: number;
  if (r <= 5) {
    r -= 1.6;
    numerator =
      ((((((0.0007745450142783414 * r + 0.022723844989269184) * r + 0.2417807251774506) * r + 1.2704582524523684) * r +
        3.6478483247632045) *
        r +
        5.769497221460691) *
        r +
        4.630337846156546) *
        r +
      1.4234371107496835;
    denominator =
      ((((((1.0507500716444169e-9 * r + 0.0005475938084995345) * r + 0.015198666563616457) * r + 0.14810397642748008) *
        r +
        0.6897673349851) *
        r +
        1.6763848301838038) *
        r +
        2.053191626637759) *
        r +
      1;
  } else {
    r -= 5;
    numerator =
      ((((((2.0103343992922881e-7 * r + 0.000027115555687434876) * r + 0.0012426609473880784) * r +
        0.026532189526576124) *
        r +
        0.29656057182850487) *
        r +
        1.7848265399172913) *
        r +
        5.463784911164114) *
        r +
      6.657904643501103;
    denominator =
      ((((((2.0442631033899397e-15 * r + 1.4215117583164459e-7) * r + 0.000018463183175100548) * r +
        0.0007868691311456133) *
        r +
        0.014875361290850615) *
        r +
        0.1369298809227358) *
        r +
        0.599832206555888) *
        r +
      1;
  }
  const x = numerator / denominator;
  return q < 0 ? -x : x;
}
