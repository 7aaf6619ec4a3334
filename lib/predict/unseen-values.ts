// Counts of values that the training data did not have.

/** Counts of one part of a table; they can be added. */
export interface UnseenValues {
  /** Values that are not missing. */
  numValues: number;
  /** Values outside the range of the training data; null when the model has no ranges. */
  numOutside: number | null;
  /** Categories that the training data did not have; they count as missing. */
  numUnseen: number;
}

export const NO_UNSEEN_VALUES: UnseenValues = { numValues: 0, numOutside: 0, numUnseen: 0 };

export function addUnseen(a: UnseenValues, b: UnseenValues): UnseenValues {
  return {
    numValues: a.numValues + b.numValues,
    numOutside: a.numOutside === null || b.numOutside === null ? null : a.numOutside + b.numOutside,
    numUnseen: a.numUnseen + b.numUnseen,
  };
}
