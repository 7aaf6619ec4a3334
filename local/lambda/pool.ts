// Assigns invocations to sandboxes, which are reused, frozen, kept and reaped.

import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import type { Concurrency } from './concurrency.ts';
import type { InvokeOutcome, InvokeRequest, Job } from './invocation.ts';
import { FREEZE_AFTER_MS, MEMORY_POLL_MS, STORAGE_POLL_MS } from './limits.ts';
import { residentBytes } from './memory.ts';
import type { Emit, LocalFunction } from './options.ts';
import type { ProcessList } from './process-list.ts';
import { Sandbox, type SandboxHost } from './sandbox.ts';

export interface PoolOptions {
  concurrency: Concurrency;
  maxSandboxes: number;
  /** For the sandboxes' home folders; emptied at start. */
  folder: string;
  runtimePath: string;
  processes: ProcessList;
  emit: Emit;
  environment(fn: LocalFunction, version: string): Record<string, string>;
}

const MIB = 1024 * 1024;
/** Sandboxes are stopped between invocations, as on AWS; Windows has no signal for that. */
const STOPS_IDLE = process.platform !== 'win32';

export class SandboxPool {
  readonly #options: PoolOptions;
  readonly #host: SandboxHost;
  readonly #sandboxes = new Set<Sandbox>();
  readonly #memoryPoll: NodeJS.Timeout;
  readonly #freezing: Sandbox[] = [];
  readonly #storagePoll: NodeJS.Timeout;
  #isPolling = false;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    rmSync(options.folder, { recursive: true, force: true });
    mkdirSync(options.folder, { recursive: true });
    this.#host = {
      ...options,
      onIdle: (sandbox) => {
        this.#makeRoom(0);
        this.#freezeSoon(sandbox);
      },
      onExit: (sandbox, undelivered) => {
        this.#sandboxes.delete(sandbox);
        options.concurrency.lose(sandbox.fn);
        if (undelivered) this.#assign(sandbox.fn, sandbox.version, undelivered);
      },
    };
    this.#memoryPoll = setInterval(() => void this.#checkMemory(), MEMORY_POLL_MS).unref();
    this.#storagePoll = setInterval(() => this.#checkStorage(), STORAGE_POLL_MS).unref();
  }

  /** Run one invocation in the concurrency slot that the caller has taken. Failures are outcomes, not exceptions. */
  async run(fn: LocalFunction, version: string, request: InvokeRequest): Promise<InvokeOutcome> {
    const outcome = await new Promise<InvokeOutcome>((resolve) => this.#assign(fn, version, { request, resolve }));
    this.#options.concurrency.leave(fn);
    return outcome;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#memoryPoll);
    clearInterval(this.#storagePoll);
    const sandboxes = [...this.#sandboxes];
    for (const sandbox of sandboxes) sandbox.kill('closed');
    await Promise.all(sandboxes.map((sandbox) => sandbox.exited));
    rmSync(this.#options.folder, { recursive: true, force: true });
  }

  #assign(fn: LocalFunction, version: string, job: Job): void {
    if (this.#isClosed) return; // a process started now would be left behind
    let chosen: Sandbox | undefined;
    for (const sandbox of this.#sandboxes) {
      if (sandbox.fn !== fn || sandbox.version !== version || !sandbox.isFree) continue;
      // the one that was used last, so that the others grow old and can be reaped; a finishing one only if none is idle
      if (!chosen || rank(sandbox) > rank(chosen)) chosen = sandbox;
    }
    if (!chosen) {
      this.#makeRoom(1);
      chosen = new Sandbox(`${fn.name}-${randomUUID().slice(0, 8)}`, fn, version, this.#host);
      this.#sandboxes.add(chosen);
    }
    chosen.assign(job);
  }

  /** End the sandboxes that were idle longest until `count` more can be kept, or none is idle. */
  #makeRoom(count: number): void {
    const live = [...this.#sandboxes].filter((sandbox) => !sandbox.isEnding);
    const excess = live.length + count - this.#options.maxSandboxes;
    if (excess <= 0) return;
    const idle = live.filter((sandbox) => sandbox.state === 'idle' && sandbox.isFree);
    idle.sort((a, b) => rank(a) - rank(b));
    for (const sandbox of idle.slice(0, excess)) sandbox.kill('reaped');
  }

  /** Not at once: a sandbox that gets its next job right away need not be stopped and woken for it. */
  #freezeSoon(sandbox: Sandbox): void {
    if (!STOPS_IDLE) return;
    if (this.#freezing.length === 0) setTimeout(() => this.#freeze(), FREEZE_AFTER_MS).unref();
    this.#freezing.push(sandbox);
  }

  #freeze(): void {
    for (const sandbox of this.#freezing.splice(0)) sandbox.freeze();
  }

  async #checkMemory(): Promise<void> {
    const active = [...this.#sandboxes].filter((sandbox) => sandbox.pid && sandbox.state !== 'idle');
    if (this.#isPolling || active.length === 0) return;
    this.#isPolling = true; // without /proc another process is asked, which may take longer than the interval
    const bytes = await residentBytes(active.map((sandbox) => sandbox.pid));
    this.#isPolling = false;
    for (const sandbox of active) {
      sandbox.peakBytes = Math.max(sandbox.peakBytes, bytes.get(sandbox.pid) ?? 0);
      if (sandbox.peakBytes > sandbox.fn.memoryMiB * MIB) sandbox.kill('outOfMemory');
    }
  }

  #checkStorage(): void {
    for (const sandbox of this.#sandboxes) {
      if (sandbox.state === 'busy' && sandbox.isStorageFull) sandbox.kill('outOfStorage');
    }
  }
}

/** Ascending with the last use; a sandbox that is not idle comes first. */
function rank(sandbox: Sandbox): number {
  return sandbox.idleSinceMs ?? -1;
}
