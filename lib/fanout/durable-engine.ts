// The engine on AWS Lambda durable functions. The only file that knows the durable SDK.

import { type DurableContext, NestingType } from '@aws/durable-execution-sdk-js';
import { type Engine, type Outcome, parseFailure } from './engine.ts';

// a step that fails is the pipeline's to judge: the SDK's own six attempts with backoff would only delay a clear error
const STEP = { retryStrategy: () => ({ shouldRetry: false }) };

export function durableEngine(context: DurableContext): Engine {
  let clockReadings = 0;
  let operations = 1; // the execution itself
  return {
    get operations() {
      return operations;
    },
    step: (name, work) => {
      operations++;
      return context.step(name, work, STEP);
    },
    wait: (name, seconds) => {
      operations++;
      return context.wait(name, { seconds });
    },
    now: () => {
      operations++;
      return context.step(`now-${++clockReadings}`, async () => Date.now(), STEP);
    },
    async invokeAll<Payload, Result>(
      name: string,
      functionName: string,
      payloads: readonly Payload[],
      maxInFlight: number,
    ) {
      operations += payloads.length + 1;
      const batch = await context.map(
        name,
        [...payloads],
        // a failed invocation is an outcome: it must not end the map
        async (child, payload, i): Promise<Outcome<Result>> => {
          try {
            return { ok: true, result: await child.invoke<Payload, Result>(`${name}-${i}`, functionName, payload) };
          } catch (error) {
            return { ok: false, error: parseFailure(error instanceof Error ? error.message : String(error)) };
          }
        },
        // FLAT: N + 2 durable operations for N tasks instead of 2N + 2
        { maxConcurrency: maxInFlight, nesting: NestingType.FLAT },
      );
      return batch.getResults();
    },
  };
}
