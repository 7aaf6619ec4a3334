// The fan-out engine of a client: the client invokes functions itself and stores nothing, so its tasks end with it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Invoke, Invoked } from '../aws/lambda-invoker.ts';
import type { Engine, Lanes, Outcome } from '../fanout/engine.ts';
import type { Slots } from './slots.ts';

export interface DirectEngineOptions {
  invoke: Invoke;
  /** Shared by all invocations of the client. */
  slots: Slots;
  /** Cancels pauses and invocations, which end with a `CancelledError`. */
  signal: AbortSignal;
  /** Abandons cancelled invocations. Until then they keep their slots, as Lambda cannot stop them. */
  closing: AbortSignal;
  /** Called when an invocation has got a slot. */
  onInvoke: () => void;
}

export function directEngine({ invoke, slots, signal, closing, onInvoke }: DirectEngineOptions): Engine {
  async function attempt<Result>(functionName: string, payload: unknown): Promise<Outcome<Result>> {
    const requestedAtMs = Date.now();
    const release = await slots.take(signal);
    if (!release) return { ok: false, error: CANCELLED, startedAtMs: requestedAtMs, endedAtMs: Date.now() };
    onInvoke();
    const startedAtMs = Date.now();
    const invocation = invoke(functionName, payload, closing).finally(release);
    const invoked = await unlessCancelled(invocation, signal);
    const times = { startedAtMs, endedAtMs: Date.now() };
    return invoked.ok ? { ok: true, result: invoked.result as Result, ...times } : { ...invoked, ...times };
  }

  const pauseFor = (seconds: number) => sleep(seconds * 1000, undefined, { signal }).catch(() => {});

  return {
    operations: 0, // nothing is billed
    step: (_name, work) => work(),
    wait: (_name, seconds) => pauseFor(seconds),
    async lanes(_name, _numLanes, body) {
      let isOver = false;
      const lanes: Lanes = {
        startedAtMs: Date.now(),
        async invoke(_lane, { functionName, payload, pause }, onEnded) {
          if (pause) await Promise.race([pauseFor(pause.seconds), pause.hurry]);
          onEnded(await attempt(functionName, payload));
        },
        getStart: () => undefined,
        async poll(pauseSeconds, look, onFound) {
          for (let atMs = lanes.startedAtMs; ; ) {
            const seconds = pauseSeconds(atMs);
            if (seconds === undefined) return;
            await pauseFor(seconds);
            if (isOver || signal.aborted) return;
            atMs = Date.now();
            const found = await look(atMs);
            if (found !== undefined) onFound(found, atMs);
          }
        },
      };
      try {
        return await body(lanes);
      } finally {
        isOver = true;
      }
    },
  };
}

const CANCELLED = { name: 'CancelledError', message: 'cancelled' };

/** The outcome of an invocation, or a cancellation if the signal is aborted first. */
function unlessCancelled(invocation: Promise<Invoked>, signal: AbortSignal): Promise<Invoked> {
  return new Promise((resolve, reject) => {
    const cancel = () => resolve({ ok: false, error: CANCELLED });
    if (signal.aborted) return cancel();
    signal.addEventListener('abort', cancel, { once: true });
    invocation.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}
