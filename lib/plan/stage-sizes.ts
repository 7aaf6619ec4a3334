// The stages of a run, and the memory and time of their functions: the only source for the stack and the emulator.

export const STAGE_NAMES = ['generate', 'split', 'train', 'evaluate'] as const;
export type StageName = (typeof STAGE_NAMES)[number];
/**
 * Memory sizes in which the functions of each stage are deployed, in MiB, ascending; 1,769 MiB is one vCPU on Lambda.
 */
export const MEMORY_SIZES_MIB = {
  generate: [1769, 3538],
  split: [1769],
  train: [3538, 10_240],
  evaluate: [1769],
} as const;
/** Index of the smallest memory size of a stage that holds a task; of the largest size if none does. */
export function memorySizeFor(stage: keyof typeof MEMORY_SIZES_MIB, peakMiB: number): number {
  const sizes: readonly number[] = MEMORY_SIZES_MIB[stage];
  const index = sizes.findIndex((sizeMiB) => peakMiB <= sizeMiB);
  return index === -1 ? sizes.length - 1 : index;
}

/** Time limit of one invocation, in seconds, up to 900. */
export const TIMEOUT_SECONDS = { generate: 300, split: 300, train: 900, evaluate: 300 } as const;
