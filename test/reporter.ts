// The reporter of the tests: Node's own, and before its totals the slowest files.

import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { spec as Spec, tap } from 'node:test/reporters';

const NUM_SLOWEST = 10;

interface TestEvent {
  type: string;
  data: { nesting?: number; file?: string; message?: string; details?: { duration_ms?: number } };
}

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const events = withSlowest(source);
  const known = events as unknown as Parameters<typeof tap>[0]; // Node's types lack some of its runner's events
  yield* process.stdout.isTTY ? Readable.from(events).compose(new Spec()) : tap(known);
}

async function* withSlowest(source: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const secondsByFile = new Map<string, number>();
  let isListed = false;
  for await (const event of source) {
    const { nesting, file, message = '', details } = event.data;
    if (/^test:(pass|fail)$/.test(event.type) && nesting === 0 && file) {
      const name = relative('', file)
        .replace(/^\.test-build\//, '')
        .replace(/\.mjs$/, '.ts');
      secondsByFile.set(name, (secondsByFile.get(name) ?? 0) + (details?.duration_ms ?? 0) / 1000);
    }
    if (event.type === 'test:diagnostic' && /^tests \d+$/.test(message) && !isListed) {
      isListed = true;
      const slowest = [...secondsByFile].sort((a, b) => b[1] - a[1]).slice(0, NUM_SLOWEST);
      for (const [name, seconds] of slowest) {
        yield { type: 'test:diagnostic', data: { nesting: 0, message: `slowest: ${seconds.toFixed(1)} s ${name}` } };
      }
    }
    yield event;
  }
}
