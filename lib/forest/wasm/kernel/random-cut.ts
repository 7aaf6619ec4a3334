// AssemblyScript twin of the random cut in split-search.ts: one cut, drawn evenly from the lowest code of a node to the
// one below its highest. For tables without missing values and categories.
// Source: Geurts et al., "Extremely randomized trees", doi:10.1007/s10994-006-6226-1, here on codes.

import { markVaried } from './cut';
import { packedCodes } from './memory';
import { nextBelow } from './random';

/** No cut: all rows of the node have the same code. */
export const NO_CUT: u32 = 0xffff;

// packed: the lowest and the highest code of each of the four features
let lowest: u32 = 0;
let highest: u32 = 0;

/** Find the lowest and highest codes of a node's four features, four rows at a time. */
export function boundCodes(start: i32, end: i32): void {
  let at = packedCodes + ((<usize>start) << 2);
  const last = packedCodes + ((<usize>end) << 2);
  const lastFour = last - 16;
  let low = i8x16.splat(-1);
  let high = i8x16.splat(0);
  for (; at <= lastFour; at += 16) {
    const four = v128.load(at);
    low = i8x16.min_u(low, four);
    high = i8x16.max_u(high, four);
  }
  for (; at < last; at += 4) {
    const one = v128.load32_splat(at);
    low = i8x16.min_u(low, one);
    high = i8x16.max_u(high, one);
  }
  low = i8x16.min_u(low, i8x16.shuffle(low, low, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  low = i8x16.min_u(low, i8x16.shuffle(low, low, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  high = i8x16.max_u(high, i8x16.shuffle(high, high, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  high = i8x16.max_u(high, i8x16.shuffle(high, high, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  lowest = i32x4.extract_lane(low, 0);
  highest = i32x4.extract_lane(high, 0);
}

/** Draw a cut for one of the features that `boundCodes` was called for. */
export function drawCut(slot: i32): u32 {
  const shift = (<u32>slot) << 3;
  const low = (lowest >> shift) & 255;
  const high = (highest >> shift) & 255;
  if (low === high) return NO_CUT;
  markVaried();
  return low + <u32>nextBelow(high - low);
}
