// What an invocation uses, measured from inside.

import { readFileSync } from 'node:fs';
import { NO_USAGE, type Usage } from '../../lib/plan/cost.ts';
import type { StoreUsage } from '../../lib/store/store.ts';

/** Begins one measurement; the function that it gives tells what was used since. */
export type Meter = () => () => Usage;

/**
 * A meter for all invocations of a sandbox. The first one has the start of the sandbox in it, which AWS bills as well.
 *
 * The emulator's sandboxes share a few cores with each other and with all else on the machine, where AWS gives each its
 * own share: with SHARED_CORES set, the time that the main thread was ready and had to wait for a core is left out.
 */
export function startMeter(memoryMiB: number, store: { usage: StoreUsage }, env = process.env): Meter {
  const isShared = env.SHARED_CORES !== undefined;
  const elapsedMs = () => performance.now() - (isShared ? waitedMs() : 0);
  let startMs = elapsedMs();
  return () => {
    const begunMs = elapsedMs() - startMs;
    startMs = 0;
    const before = { ...store.usage };
    return () => ({
      ...NO_USAGE,
      gbSeconds: (Math.ceil(Math.max(0, elapsedMs() - begunMs)) / 1000) * (memoryMiB / 1024),
      invocations: 1,
      s3Writes: store.usage.writes - before.writes,
      s3Reads: store.usage.reads - before.reads,
      bytesWritten: store.usage.bytesWritten - before.bytesWritten,
      bytesRead: store.usage.bytesRead - before.bytesRead,
    });
  };
}

/** Milliseconds that the main thread has waited for a core so far; 0 where the system does not tell. */
function waitedMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
