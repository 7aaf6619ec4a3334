// The orchestrator behind its Lambda alias.

import {
  GetDurableExecutionCommand,
  InvokeCommand,
  LambdaClient,
  type LambdaClientConfig,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import type { Orchestrator } from '../fanout/orchestrator.ts';

/** @param orchestratorArn ARN with an alias or version: a durable function is refused without one */
export function lambdaOrchestrator(orchestratorArn: string, config: LambdaClientConfig = {}): Orchestrator {
  const client = new LambdaClient({ maxAttempts: 5, ...config });
  return {
    async start(name, input) {
      const { DurableExecutionArn } = await client.send(
        new InvokeCommand({
          FunctionName: orchestratorArn,
          InvocationType: 'Event',
          DurableExecutionName: name,
          Payload: JSON.stringify(input),
        }),
      );
      return DurableExecutionArn!;
    },
    async state(execution) {
      const { Status, Error: error } = await client.send(
        new GetDurableExecutionCommand({ DurableExecutionArn: execution }),
      );
      if (Status === 'RUNNING') return { state: 'running' };
      if (Status === 'SUCCEEDED') return { state: 'succeeded' };
      return { state: 'failed', message: error?.ErrorMessage ?? `the execution ended as ${Status}` };
    },
    async stop(execution) {
      try {
        await client.send(new StopDurableExecutionCommand({ DurableExecutionArn: execution }));
      } catch (error) {
        // it ended before we asked
        if (!(error instanceof Error && error.name === 'InvalidParameterValueException')) throw error;
      }
    },
  };
}
