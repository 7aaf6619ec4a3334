// When the emulator of a run is stopped and started again: once, when the stage that the seed picks has begun. Never the
// last, which can be over before it is seen, as the last two of a very small run can.

import { STAGE_NAMES } from '../../lib/plan/stage-sizes.ts';
import type { StageStatus } from '../../lib/stages/stage.ts';
import { type ChaosOptions, drawRestart } from './draw.ts';

/** Gives what is asked at each look at a run, and is true once: at the first look that finds the stage begun or over. */
export function restartMoment(options: ChaosOptions): (stages: readonly StageStatus[]) => boolean {
  let isDue = options.rate > 0;
  const first = drawRestart(options, STAGE_NAMES.length - 1);
  return (stages) => {
    const isNow = isDue && stages.some(({ name }) => STAGE_NAMES.indexOf(name) >= first);
    if (isNow) isDue = false;
    return isNow;
  };
}
