// A durable handler for the tests of this folder. It does what its event says: `{mode, …}`.

import { type DurableContext, NestingType, withDurableExecution } from '@aws/durable-execution-sdk-js';

interface Event {
  mode: keyof typeof modes;
  count: number;
  maxConcurrency?: number;
  task?: object;
  worker?: string;
  target: string;
  input: unknown;
}

const modes = {
  async fan(context: DurableContext, { count, maxConcurrency, task = { action: 'echo' }, worker = 'worker' }: Event) {
    const batch = await context.map(
      'fan',
      Array.from({ length: count }, (_, i) => i),
      (child, i) => child.invoke(`task-${i}`, worker, { ...task, id: i }),
      { nesting: NestingType.FLAT, maxConcurrency, completionConfig: { toleratedFailurePercentage: 100 } },
    );
    return { succeeded: batch.succeeded().length, errors: batch.failed().map((item) => item.error.message) };
  },
  async one(context: DurableContext, { target, input }: Event) {
    return context.invoke('one', target, input);
  },
  async retry(context: DurableContext) {
    return context.step(
      'shaky',
      async ({ attempt }) => {
        if (attempt < 2) throw new Error('not yet');
        return `attempt ${attempt}`;
      },
      { retryStrategy: () => ({ shouldRetry: true, delay: { seconds: 1 } }) },
    );
  },
  async wait(context: DurableContext) {
    const before = await context.step('before', async () => Date.now());
    await context.wait('pause', { seconds: 1 });
    return (await context.step('after', async () => Date.now())) - before;
  },
  async callback(context: DurableContext) {
    return context.waitForCallback('answer', async (id) => console.log(`callback ${id}`));
  },
  async children(context: DurableContext) {
    const small = await context.runInChildContext('small', (child) => child.step('a', async () => 'a'));
    const big = await context.runInChildContext('big', async (child) =>
      (await child.step('b', async () => 'b')).repeat(300_000),
    );
    await context.wait('pause', { seconds: 1 });
    return small + big.length;
  },
  async throws() {
    throw new RangeError('the plan is wrong');
  },
  async crash() {
    process.kill(process.pid, 'SIGKILL');
  },
  async large() {
    return 'x'.repeat(7_000_000);
  },
  async forever(context: DurableContext) {
    await context.wait('long', { days: 300 });
  },
};

export const handler = withDurableExecution(
  async (event: Event, context): Promise<unknown> => modes[event.mode](context, event),
);
