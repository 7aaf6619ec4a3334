// The result of an invocation whose sandbox ended before it answered.

import type { ChildProcess } from 'node:child_process';
import { failedResult, type InvokeResult } from './invocation.ts';
import type { LocalFunction, SandboxExitReason } from './options.ts';
import { describeExit } from './runtime-process.ts';
import { storageMiB } from './storage.ts';

export interface SandboxExit {
  fn: LocalFunction;
  /** Undefined when the process ended by itself. */
  killReason: SandboxExitReason | undefined;
  /** Undefined when it was never spawned. */
  child: ChildProcess | undefined;
}

export function exitResult(requestId: string, { fn, killReason, child }: SandboxExit): InvokeResult {
  const prefix = `RequestId: ${requestId} Error: `;
  switch (killReason) {
    case 'timedOut': {
      const seconds = (fn.timeoutMs / 1000).toFixed(2);
      return failedResult('Sandbox.Timedout', `${prefix}Task timed out after ${seconds} seconds`);
    }
    case 'outOfMemory':
      return failedResult('Runtime.OutOfMemory', `${prefix}Runtime exited with error: signal: killed`);
    case 'outOfStorage': {
      const limit = `the temporary folder holds more than ${storageMiB(fn)} MB`;
      return failedResult('Error', `ENOSPC: no space left on device, ${limit}`);
    }
    default:
      return failedResult('Runtime.ExitError', prefix + describeExit(child));
  }
}
