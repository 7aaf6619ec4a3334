// Chained invocations: what a durable function invokes and waits for, a plain function or another durable one.

import { createHash, randomUUID } from 'node:crypto';
import type { OperationStatus } from '@aws-sdk/client-lambda';
import type { Authorize } from '../../iam/authorizer.ts';
import type { Concurrency } from '../concurrency.ts';
import { type DuplicateOptions, isDoubled } from '../duplicates.ts';
import { type InvokeFault, type LambdaFaults, sandboxFault } from '../faults.ts';
import { ApiError } from '../http.ts';
import type { FunctionNames, FunctionTarget } from '../names.ts';
import type { SandboxPool } from '../pool.ts';
import { type Ending, errorObject, failedEnding, toEnding } from './endings.ts';
import type { Execution } from './execution.ts';

export interface ChainedInvokeOptions {
  names: FunctionNames;
  concurrency: Concurrency;
  pool: Pick<SandboxPool, 'run'>;
  duplicates: DuplicateOptions;
  authorize?: Authorize;
  faults?: LambdaFaults;
}

/** Starts a durable execution, or finds the one of this name, and resolves with it when it has ended. */
export type RunChild = (target: FunctionTarget, name: string, input: string) => Promise<Execution>;

export class ChainedInvokes {
  readonly #options: ChainedInvokeOptions;
  readonly #runChild: RunChild;
  #isClosed = false;

  constructor(options: ChainedInvokeOptions, runChild: RunChild) {
    this.#options = options;
    this.#runChild = runChild;
  }

  /** Strike no more faults: the engine drops the outcomes that come from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Run the target of an operation once a concurrency slot is free. @returns undefined when it is no longer needed */
  async run(execution: Execution, id: string): Promise<Ending<OperationStatus> | undefined> {
    const { Payload: input = '{}', ChainedInvokeOptions: options } = execution.starts.get(id)!;
    try {
      const target = this.#options.names.resolve(options!.FunctionName!);
      this.#requirePermission(execution, target.arn);
      if (target.fn.durable) return await this.#runDurable(target, childName(execution, id), input);
      const fault = this.#options.faults?.invoke(target.fn.name, input);
      if (fault?.kind === 'throttle') {
        fault.strike();
        return failedEnding('TooManyRequestsException', 'Rate Exceeded.');
      }
      await this.#options.concurrency.enterWhenFree(target.fn);
      if (execution.operations.get(id)?.Status === 'STARTED') return await this.#runPlain(target, input, fault);
      this.#options.concurrency.leave(target.fn);
      return undefined;
    } catch (cause) {
      return { status: 'FAILED', error: errorObject(cause) };
    }
  }

  /** Run a function in the concurrency slot that the caller has taken. */
  async #runPlain({ fn, version, arn }: FunctionTarget, input: string, fault: InvokeFault | undefined) {
    const { concurrency, pool, duplicates } = this.#options;
    const request = { requestId: randomUUID(), payload: Buffer.from(input), functionArn: arn };
    if (fault?.kind === 'doubledDelivery') fault.strike();
    if (fault?.kind === 'doubledDelivery' || isDoubled(duplicates, fn.name, input)) {
      // the result of the second delivery is discarded
      void concurrency.enterWhenFree(fn).then(() => pool.run(fn, version, request));
    }
    const outcome = await pool.run(fn, version, { ...request, fault: sandboxFault(fault) });
    if (fault?.kind !== 'lostResponse' || outcome.error || this.#isClosed) return toEnding(outcome);
    fault.strike();
    return failedEnding('ServiceException', `RequestId: ${request.requestId} Error: the answer was lost`);
  }

  async #runDurable(target: FunctionTarget, name: string, input: string): Promise<Ending<OperationStatus>> {
    const { status, result, error } = await this.#runChild(target, name, input);
    return { status: status as OperationStatus, result, error };
  }

  /** @throws {ApiError} 403 when the role of the function that runs may not invoke it */
  #requirePermission({ functionName, version }: Execution, arn: string): void {
    const { role } = this.#options.names.resolve(functionName, version).fn;
    const refusal = this.#options.authorize?.(role?.accessKeyId, 'lambda:InvokeFunction', arn);
    if (refusal !== undefined) throw new ApiError(403, 'AccessDeniedException', refusal);
  }
}

/** The child's name follows from its parent's operation, so that a restart finds it instead of starting another. */
function childName(parent: Execution, operationId: string): string {
  return createHash('sha256').update(parent.arn).update(operationId).digest('hex');
}
