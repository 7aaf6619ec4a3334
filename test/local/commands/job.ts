// A run for tests of the command line.

/** Large enough to meet each stage while it works, small enough for a few seconds. */
export const JOB = { samples: 8000, chunkSize: 2000, trees: 24, workers: 2, strategy: 'trees', seed: 7 };
export const JOB_ARGS = [
  '--samples',
  '8000',
  '--chunk-size',
  '2000',
  '--trees',
  '24',
  '--workers',
  '2',
  '--strategy',
  'trees',
  '--seed',
  '7',
];
