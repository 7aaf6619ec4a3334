// How a worker learns that its run was called off.

import { CancelledError } from '../base/errors.ts';
import { findJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** Between two looks: a request costs $0.0000004, so an hour of work costs less than a thousandth of a cent for it. */
const LOOK_EVERY_MS = 2000;

/**
 * Looks of one sandbox. The first is not before some time has passed: a task that is over by then asks nothing.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function cancelPolls(now: () => number = () => performance.now()) {
  let lookedAtMs = now();
  return {
    /** @throws {CancelledError} when the run was cancelled, as far as the last look knows */
    async check(store: Store, runId: string): Promise<void> {
      if (now() - lookedAtMs < LOOK_EVERY_MS) return;
      const isCancelled = (await findJson(store, runKeys(runId).cancel)) !== undefined;
      lookedAtMs = now();
      if (!isCancelled) return;
      lookedAtMs = Number.NEGATIVE_INFINITY; // the next task of the run looks as well
      throw new CancelledError(`run ${runId} was cancelled`);
    },
  };
}
