// How a fan-out is divided: how many slices, how many of them at once, and how many places each.

/** Middle times of a task by which a slice's end is longer than its even share: its slow tasks come at the end as well. */
const SLOW_END = 5;

export interface ShardStarts {
  numSlices: number;
  /** Slices under way at once. */
  atOnce: number;
  /** Tasks [start, end) of a slice. */
  rangeOf(slice: number): [start: number, end: number];
  /** Tasks that a slice may have in flight: of all that are under way together never more than `maxInFlight`. */
  placesOf(slice: number): number;
}

/**
 * Divide tasks evenly. Where all slices find a place at once, the places are spread over them to the last one. Otherwise they
 * come in waves, with so many places each that the waves come out even: a last wave of few slices with few places would
 * take as long as a full one.
 *
 * @param numTasks ≥ 1
 * @param numSlices from 1 to `numTasks`
 * @param maxInFlight ≥ 1
 */
export function divideEvenly(numTasks: number, numSlices: number, maxInFlight: number): ShardStarts {
  const cut = (slice: number) => Math.floor((slice * numTasks) / numSlices);
  const { places, atOnce } = bestWaves(numTasks / numSlices, numSlices, maxInFlight);
  const left = atOnce === numSlices ? maxInFlight - places * numSlices : 0;
  return {
    numSlices,
    atOnce,
    rangeOf: (slice) => [cut(slice), cut(slice + 1)],
    placesOf: (slice) => places + Math.floor(left / numSlices) + (slice < left % numSlices ? 1 : 0),
  };
}

/** The places of a slice with which all are done soonest, if every task takes as long; the fewest that do. */
function bestWaves(tasksOfSlice: number, numSlices: number, maxInFlight: number): { places: number; atOnce: number } {
  let best = { places: 1, atOnce: 1, rounds: Infinity };
  // more places than tasks are of no use to a slice
  for (let places = 1; places <= Math.min(maxInFlight, Math.ceil(tasksOfSlice)); places++) {
    const atOnce = Math.min(numSlices, Math.floor(maxInFlight / places));
    const rounds = Math.ceil(numSlices / atOnce) * (tasksOfSlice / places + SLOW_END);
    if (rounds < best.rounds) best = { places, atOnce, rounds };
  }
  return best;
}
