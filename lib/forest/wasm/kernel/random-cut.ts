// AssemblyScript twin of the random cut in split-search.ts: one cut, drawn evenly among the codes from the node's least to
// the one below its greatest. Of tables without missing values.
// Source: Geurts et al., "Extremely randomized trees", doi:10.1007/s10994-006-6226-1, here on codes.

import { noteVaried } from './cut';
import { words } from './memory';
import { nextBelow } from './random';

/** No cut: all rows of the node have the same code. */
export const NO_CUT: u32 = 0xffff;

// of the four features of the words, a byte each
let least: u32 = 0;
let greatest: u32 = 0;

/** Look at the words of a node: four of them, each of four features, at once. */
export function boundWords(start: i32, end: i32): void {
  let at = words + ((<usize>start) << 2);
  const last = words + ((<usize>end) << 2);
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
  least = i32x4.extract_lane(low, 0);
  greatest = i32x4.extract_lane(high, 0);
}

/** @param slot of the words that `boundWords` saw */
export function drawCut(slot: i32): u32 {
  const shift = (<u32>slot) << 3;
  const low = (least >> shift) & 255;
  const high = (greatest >> shift) & 255;
  if (low === high) return NO_CUT;
  noteVaried();
  return low + <u32>nextBelow(high - low);
}
