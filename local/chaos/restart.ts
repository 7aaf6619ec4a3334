// Chooses when the emulator of a run is restarted: once, when the stage that the seed chooses has begun. Never the last
// stage, which can end before a poll sees it, as the last two of a very small run can.

import { STAGE_NAMES } from '../../lib/plan/stage-sizes.ts';
import type { StageStatus } from '../../lib/stages/stage.ts';
import { type ChaosOptions, drawRestart } from './draw.ts';

/** Returns a function for each poll of a run; it is true once: at the first poll that finds the stage begun or done. */
export function restartMoment(options: ChaosOptions): (stages: readonly StageStatus[]) => boolean {
  let isDue = options.rate > 0;
  const first = drawRestart(options, STAGE_NAMES.length - 1);
  return (stages) => {
    const isNow = isDue && stages.some(({ name }) => STAGE_NAMES.indexOf(name) >= first);
    if (isNow) isDue = false;
    return isNow;
  };
}
