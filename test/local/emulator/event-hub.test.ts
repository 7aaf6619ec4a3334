import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EmulatorEvent } from '../../../local/dashboard/event-log.ts';
import { EventHub } from '../../../local/emulator/event-hub.ts';

const creation = (key: string): EmulatorEvent => ({ type: 'creation', outcome: 'created', key, atMs: 1 });

test('an event before the dashboard watches is written to the log, later ones reach both', () => {
  const log: EmulatorEvent[] = [];
  const watched: EmulatorEvent[] = [];
  const hub = new EventHub((event) => log.push(event));
  hub.emit(creation('before'));
  hub.add((event) => watched.push(event));
  hub.emit(creation('after'));
  assert.deepEqual([log, watched], [[creation('before'), creation('after')], [creation('after')]]);
});
