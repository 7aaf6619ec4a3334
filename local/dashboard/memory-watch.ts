// Polls the memory of the busy sandboxes.

import { residentBytes } from '../lambda/memory.ts';
import type { LambdaEvent } from '../lambda/options.ts';
import type { DashboardEvent } from './events.ts';

const INTERVAL_MS = 500;
const MIB = 1024 * 1024;

export interface MemoryWatch {
  onEvent(event: LambdaEvent): void;
  close(): void;
}

export function watchMemory(emit: (event: DashboardEvent) => void): MemoryWatch {
  const busy = new Map<string, number>(); // process ids by sandbox
  const timer = setInterval(async () => {
    if (busy.size === 0) return;
    const bytes = await residentBytes([...busy.values()]);
    const found = [...busy].flatMap(([id, pid]) => (bytes.has(pid) ? [[id, Math.round(bytes.get(pid)! / MIB)]] : []));
    if (found.length > 0) emit({ type: 'memory', atMs: Date.now(), sandboxes: Object.fromEntries(found) });
  }, INTERVAL_MS).unref();
  return {
    onEvent(event) {
      if (event.type === 'invokeStarted') busy.set(event.sandboxId, event.pid);
      if (event.type === 'invokeFinished' || event.type === 'sandboxExited') busy.delete(event.sandboxId);
    },
    close: () => clearInterval(timer),
  };
}
