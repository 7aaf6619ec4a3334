// What the pipeline asks of whatever runs it. Everything that is not deterministic happens behind this interface.

/** How one invocation of a task ended. */
export type Outcome<Result> = { ok: true; result: Result } | { ok: false; error: { name: string; message: string } };

export interface Engine {
  /** Durable operations so far: what AWS bills an execution by. */
  readonly operations: number;
  /** Do something once and remember what it gave: after a crash, the remembered value is given again. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * Invoke a function once for each payload, at most `maxInFlight` at a time.
   *
   * @returns outcomes in the order of the payloads; a failed invocation is an outcome, not an exception
   */
  invokeAll<Payload, Result>(
    name: string,
    functionName: string,
    payloads: readonly Payload[],
    maxInFlight: number,
  ): Promise<Outcome<Result>[]>;
  /** Suspend without occupying anything. */
  wait(name: string, seconds: number): Promise<void>;
  /** Milliseconds since 1970, the same after a replay. */
  now(): Promise<number>;
}

/**
 * Make an outcome's error from the message of a failed invocation. Only the message comes back from a chained invoke,
 * so our handlers put the error's name in front (functions/worker.ts); the rest are the platform's own.
 */
export function parseFailure(message: string): { name: string; message: string } {
  const named = /^(?!RequestId)([A-Z]\w+): (.*)$/s.exec(message); // the platform's own begin with the request's id
  if (named) return { name: named[1]!, message: named[2]! };
  if (/timed out after/.test(message)) return { name: 'TimeoutError', message };
  if (/rate exceeded|throttl|TooManyRequests/i.test(message)) return { name: 'ThrottledError', message };
  return { name: 'CrashError', message };
}
