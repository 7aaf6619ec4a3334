// The fan-out engine of a client: invocations by the client itself, nothing remembered. A client that ends loses them.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Invoke, Invoked } from '../aws/lambda-invoker.ts';
import type { Engine, Lanes, Outcome } from '../fanout/engine.ts';
import type { Slots } from './slots.ts';

export interface DirectEngineOptions {
  invoke: Invoke;
  /** Shared by all that the client has in flight. */
  slots: Slots;
  /** Calls off pauses and invocations: they end as `CancelledError`. */
  signal: AbortSignal;
  /** Lets go of invocations that were called off: until then they keep their place, as nothing stops them. */
  closing: AbortSignal;
  /** Told when an invocation has found a place. */
  onInvoke: () => void;
}

export function directEngine({ invoke, slots, signal, closing, onInvoke }: DirectEngineOptions): Engine {
  async function attempt<Result>(functionName: string, payload: unknown): Promise<Outcome<Result>> {
    const askedAtMs = Date.now();
    const giveBack = await slots.take(signal);
    if (!giveBack) return { ok: false, error: CALLED_OFF, startedAtMs: askedAtMs, endedAtMs: Date.now() };
    onInvoke();
    const startedAtMs = Date.now();
    const invocation = invoke(functionName, payload, closing).finally(giveBack);
    const invoked = await unlessCalledOff(invocation, signal);
    const times = { startedAtMs, endedAtMs: Date.now() };
    return invoked.ok ? { ok: true, result: invoked.result as Result, ...times } : { ...invoked, ...times };
  }

  const pauseFor = (seconds: number) => sleep(seconds * 1000, undefined, { signal }).catch(() => {});

  return {
    operations: 0, // nobody bills them
    step: (_name, work) => work(),
    wait: (_name, seconds) => pauseFor(seconds),
    async lanes(_name, _numLanes, body) {
      let isOver = false;
      const lanes: Lanes = {
        startedAtMs: Date.now(),
        async invoke(_lane, functionName, payload, pause, onEnded) {
          if (pause) await Promise.race([pauseFor(pause.seconds), pause.hurry]);
          onEnded(await attempt(functionName, payload));
        },
        startOf: () => undefined,
        async watch(pauseSeconds, look, onFound) {
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

const CALLED_OFF = { name: 'CancelledError', message: 'called off' };

/** What an invocation comes to, as long as anybody wants to know. */
function unlessCalledOff(invocation: Promise<Invoked>, signal: AbortSignal): Promise<Invoked> {
  return new Promise((resolve, reject) => {
    const callOff = () => resolve({ ok: false, error: CALLED_OFF });
    if (signal.aborted) return callOff();
    signal.addEventListener('abort', callOff, { once: true });
    invocation.then(resolve, reject).finally(() => signal.removeEventListener('abort', callOff));
  });
}
