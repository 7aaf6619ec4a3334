// 95 % intervals.

export type Interval = [low: number, high: number];

export const Z_95 = 1.959963984540054; // 97.5 % point of the normal distribution

/**
 * Wilson's interval of a share; it keeps its coverage near 0 and 1 and with few rows.
 *
 * @param numRows above 0
 * Source: Wilson, "Probable inference, the law of succession, and statistical inference", doi:10.2307/2276774.
 */
export function wilsonInterval(share: number, numRows: number): Interval {
  const squared = Z_95 * Z_95;
  const centre = share + squared / (2 * numRows);
  const margin = Z_95 * Math.sqrt((share * (1 - share)) / numRows + squared / (4 * numRows * numRows));
  const scale = 1 + squared / numRows;
  return clamp((centre - margin) / scale, (centre + margin) / scale);
}

/** Interval of an estimate in [0, 1] whose error is approximately normal. */
export function normalInterval(estimate: number, variance: number): Interval {
  const margin = Z_95 * Math.sqrt(variance);
  return clamp(estimate - margin, estimate + margin);
}

const clamp = (low: number, high: number): Interval => [Math.max(0, low), Math.min(1, high)];
