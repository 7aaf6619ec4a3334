// Functions by name: which stage they work for.

export const STAGES = ['generate', 'split', 'train', 'evaluate'];

/** Functions that work for a run; the API's functions do not. */
const RUN_FUNCTIONS = new Set([...STAGES, 'orchestrator', 'slices']);

/** A function's name without the common prefix: `arvoredo-trainLarge` is `trainLarge`. */
export const shortName = (name) => name.replace(/^arvoredo-/, '');

/** The stage that a function works for, whatever its memory size: `arvoredo-trainLarge` does `train`. */
const stageName = (name) => shortName(name).replace(/Large$/, '');

/** Whether invocations of it count as work: those of a stage do. */
export const isWorker = (name) => STAGES.includes(stageName(name));

export const worksForRun = (name) => RUN_FUNCTIONS.has(stageName(name));
