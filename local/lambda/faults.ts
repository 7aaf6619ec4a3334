// Faults that invocations and calls of the Lambda API can meet.

import { type IncomingMessage, ServerResponse } from 'node:http';

interface Struck {
  /** Called when the fault has struck. */
  strike(): void;
}

/**
 * A fault of an invocation of a function by a durable one. `workerKill` kills the sandbox, at the latest when it answers;
 * `slowTask` stops it for a while; `lostResponse` drops its answer.
 */
export interface InvokeFault extends Struck {
  kind: 'workerKill' | 'lostResponse' | 'throttle' | 'doubledDelivery' | 'slowTask';
  /** When it strikes, from 0 to 1 (exclusive): soon rather than late. */
  fraction: number;
}

/** A fault of an invocation of a durable function by the service. */
export interface ResumeFault extends Struck {
  kind: 'orchestratorKill';
  fraction: number;
}

/** A fault of a call about a durable execution: the connection breaks before or after it was done. */
export interface CallFault extends Struck {
  kind: 'droppedCall' | 'lostCall';
}

/** Called before each; returns the fault that it meets, if any. */
export interface LambdaFaults {
  invoke(functionName: string, payload: string): InvokeFault | undefined;
  /** @param input of the execution */
  resume(functionName: string, input: string): ResumeFault | undefined;
  /** @param action what is called, such as `checkpoint` */
  call(action: string, functionName: string, input: string): CallFault | undefined;
}

/** What a sandbox does to an invocation. */
export interface SandboxFault extends Struck {
  /** Kill it, or stop it for `stopMs`. */
  kind: 'kill' | 'stop';
  /** After it got the invocation; a kill comes at the latest when it answers. */
  afterMs: number;
  stopMs: number;
}

const MOST_AFTER_MS = 1000; // tasks of the reference job take 50 to 1,500 ms here
const STOP_MS = 1000;

/** What a fault means for the sandbox; undefined when it leaves the sandbox alone. */
export function sandboxFault(fault: InvokeFault | ResumeFault | undefined): SandboxFault | undefined {
  if (fault?.kind !== 'workerKill' && fault?.kind !== 'orchestratorKill' && fault?.kind !== 'slowTask')
    return undefined;
  return {
    kind: fault.kind === 'slowTask' ? 'stop' : 'kill',
    // equally likely within 1 to 10 ms and within 100 to 1,000 ms
    afterMs: MOST_AFTER_MS ** fault.fraction,
    stopMs: STOP_MS,
    strike: fault.strike,
  };
}

/** Answer a call, unless its connection is to break. */
export async function answerUnder(
  fault: CallFault | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  answer: (response: ServerResponse) => void | Promise<void>,
): Promise<void> {
  if (fault?.kind === 'lostCall')
    await answer(new ServerResponse(request)); // which has no connection
  else if (!fault) return await answer(response);
  fault.strike();
  response.destroy();
}
