// Values unlike those that a model was trained on, counted.

/** Adds up over parts. */
export interface UnseenValues {
  /** Known values. */
  numValues: number;
  /** Of them, those outside of what the model's data had; null where it doesn't say. */
  numOutside: number | null;
  /** Categories that training didn't have; they count as missing. */
  numUnseen: number;
}

export const NOTHING_STRANGE: UnseenValues = { numValues: 0, numOutside: 0, numUnseen: 0 };

export function addUnseen(a: UnseenValues, b: UnseenValues): UnseenValues {
  return {
    numValues: a.numValues + b.numValues,
    numOutside: a.numOutside === null || b.numOutside === null ? null : a.numOutside + b.numOutside,
    numUnseen: a.numUnseen + b.numUnseen,
  };
}
