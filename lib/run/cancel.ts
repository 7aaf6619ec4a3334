// Lets a worker stop when its run is cancelled.

import { CancelledError } from '../base/errors.ts';
import { findJson } from '../store/json.ts';
import { runKeys } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** A request costs $0.0000004, so polling for an hour of work costs less than a tenth of a cent. */
const POLL_INTERVAL_MS = 2000;

/**
 * Make the poll of one sandbox. The first request comes after one interval, so a shorter task makes none.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function cancelPolls(now: () => number = () => performance.now()) {
  let polledAtMs = now();
  return {
    /** @throws {CancelledError} when the run was cancelled before the last poll */
    async check(store: Store, runId: string): Promise<void> {
      if (now() - polledAtMs < POLL_INTERVAL_MS) return;
      const isCancelled = (await findJson(store, runKeys(runId).cancel)) !== undefined;
      polledAtMs = now();
      if (!isCancelled) return;
      polledAtMs = Number.NEGATIVE_INFINITY; // the next task of the run polls at once
      throw new CancelledError(`run ${runId} was cancelled`);
    },
  };
}
