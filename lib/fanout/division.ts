// How a fan-out is divided: the number of shards, of shards at once, and of concurrency slots for each.

/** A shard takes longer than its even share by this many median task times, as its slow tasks may come last. */
const SLOW_END = 5;

export interface Division {
  numShards: number;
  /** Shards in flight at once. */
  atOnce: number;
  /** Range [start, end) of a shard's tasks. */
  getRange(shard: number): [start: number, end: number];
  /** Tasks that a shard may have in flight; at most `maxInFlight` for all shards in flight together. */
  getSlots(shard: number): number;
}

/**
 * Divide tasks evenly. If all shards can run at once, the slots are spread over them without remainder. Otherwise shards run
 * in waves of equal size: a last wave of few shards with few slots would take as long as a full one.
 *
 * @param numTasks ≥ 1
 * @param numShards from 1 to `numTasks`
 * @param maxInFlight ≥ 1
 */
export function divideEvenly(numTasks: number, numShards: number, maxInFlight: number): Division {
  const cut = (shard: number) => Math.floor((shard * numTasks) / numShards);
  const { slots, atOnce } = bestWaves(numTasks / numShards, numShards, maxInFlight);
  const left = atOnce === numShards ? maxInFlight - slots * numShards : 0;
  return {
    numShards: numShards,
    atOnce,
    getRange: (shard) => [cut(shard), cut(shard + 1)],
    getSlots: (shard) => slots + Math.floor(left / numShards) + (shard < left % numShards ? 1 : 0),
  };
}

/** Find the smallest number of slots per shard with which all end soonest, if all tasks take equally long. */
function bestWaves(tasksPerShard: number, numShards: number, maxInFlight: number): { slots: number; atOnce: number } {
  let best = { slots: 1, atOnce: 1, rounds: Infinity };
  // a shard cannot use more slots than it has tasks
  for (let slots = 1; slots <= Math.min(maxInFlight, Math.ceil(tasksPerShard)); slots++) {
    const atOnce = Math.min(numShards, Math.floor(maxInFlight / slots));
    const rounds = Math.ceil(numShards / atOnce) * (tasksPerShard / slots + SLOW_END);
    if (rounds < best.rounds) best = { slots, atOnce, rounds };
  }
  return best;
}
