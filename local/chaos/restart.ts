// When the emulator of a run is stopped and started again: once, in the stage that the seed picks. Never the last, which
// can be over before it is seen.

import { STAGE_NAMES, type StageStatus } from '../../lib/run.ts';
import { type ChaosOptions, drawRestart } from './faults.ts';

/**
 * Gives what is asked at each look at a run, and is true once: when the stage has begun, or a later one where that was
 * over between two looks.
 */
export function restartMoment(options: ChaosOptions): (stages: readonly StageStatus[]) => boolean {
  let isDue = options.rate > 0;
  const first = drawRestart(options, STAGE_NAMES.length - 1);
  return (stages) => {
    const isNow = isDue && stages.some(({ name, state }) => state === 'running' && STAGE_NAMES.indexOf(name) >= first);
    if (isNow) isDue = false;
    return isNow;
  };
}
