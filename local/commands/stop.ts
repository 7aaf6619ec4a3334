// Commands that a signal cancels.

import { CancelledError } from '../../lib/base/errors.ts';

/** The signals of Ctrl-C, of kill, and of a closed terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Do what a signal aborts with a `CancelledError`; a second signal ends the process at once. */
export async function untilStopped(work: (stop: AbortController) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130); // second request: the watchdog ends the sandboxes
    stop.abort(new CancelledError('cancelled'));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    await work(stop);
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
