// Which sandbox runs what: places are counted by invocations in flight, sandboxes are reused, kept and reaped.

import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { MEMORY_POLL_MS } from './limits.ts';
import { residentBytes } from './memory.ts';
import type { Emit, LocalFunction, ThrottleReason } from './options.ts';
import type { ProcessList } from './process-list.ts';
import { type InvokeOutcome, type InvokeRequest, type Job, Sandbox, type SandboxHost } from './sandbox.ts';

export interface PoolOptions {
  maxConcurrency: number;
  maxSandboxes: number;
  /** For the sandboxes' home folders; emptied at start. */
  folder: string;
  runtimePath: string;
  freeze: boolean;
  processes: ProcessList;
  emit: Emit;
  environment(fn: LocalFunction, version: string): Record<string, string>;
}

const MIB = 1024 * 1024;

export class SandboxPool {
  readonly #options: PoolOptions;
  readonly #host: SandboxHost;
  readonly #sandboxes = new Set<Sandbox>();
  readonly #inFlight = new Map<LocalFunction, number>();
  #totalInFlight = 0;
  readonly #waiting: { fn: LocalFunction; enter: () => void }[] = [];
  readonly #memoryPoll: NodeJS.Timeout;
  #isPolling = false;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    rmSync(options.folder, { recursive: true, force: true });
    mkdirSync(options.folder, { recursive: true });
    this.#host = {
      ...options,
      onIdle: () => this.#makeRoom(0),
      onExit: (sandbox, undelivered) => {
        this.#sandboxes.delete(sandbox);
        if (undelivered) this.#assign(sandbox.fn, sandbox.version, undelivered);
      },
    };
    this.#memoryPoll = setInterval(() => void this.#checkMemory(), MEMORY_POLL_MS).unref();
  }

  /** Why an invocation of `fn` cannot begin now; undefined when it can. */
  refusal(fn: LocalFunction): ThrottleReason | undefined {
    if ((this.#inFlight.get(fn) ?? 0) >= (fn.reservedConcurrency ?? Infinity))
      return 'ReservedFunctionConcurrentInvocationLimitExceeded';
    return this.#totalInFlight >= this.#options.maxConcurrency ? 'ConcurrentInvocationLimitExceeded' : undefined;
  }

  /** Take a place for one invocation, which `run` or `leave` gives back; refused places are the caller's to report. */
  enter(fn: LocalFunction): void {
    this.#inFlight.set(fn, (this.#inFlight.get(fn) ?? 0) + 1);
    this.#totalInFlight++;
  }

  /** Take a place as soon as there is one. Never settles once the pool is closed. */
  enterWhenFree(fn: LocalFunction): Promise<void> {
    return new Promise((enter) => {
      // orchestrators first: they are short, and give the others their work
      if (fn.durable) this.#waiting.unshift({ fn, enter });
      else this.#waiting.push({ fn, enter });
      this.#admit();
    });
  }

  leave(fn: LocalFunction): void {
    this.#inFlight.set(fn, this.#inFlight.get(fn)! - 1);
    this.#totalInFlight--;
    this.#admit();
  }

  /** Run one invocation in the place that the caller has taken. Failures are outcomes, not exceptions. */
  async run(fn: LocalFunction, version: string, request: InvokeRequest): Promise<InvokeOutcome> {
    const outcome = await new Promise<InvokeOutcome>((resolve) => this.#assign(fn, version, { request, resolve }));
    this.leave(fn);
    return outcome;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#memoryPoll);
    const sandboxes = [...this.#sandboxes];
    for (const sandbox of sandboxes) sandbox.kill('closed');
    await Promise.all(sandboxes.map((sandbox) => sandbox.exited));
    rmSync(this.#options.folder, { recursive: true, force: true });
  }

  #admit(): void {
    for (
      let i = 0;
      i < this.#waiting.length && this.#totalInFlight < this.#options.maxConcurrency && !this.#isClosed;
    ) {
      const { fn, enter } = this.#waiting[i];
      if (this.refusal(fn)) {
        i++;
        continue;
      }
      this.#waiting.splice(i, 1);
      this.enter(fn);
      enter();
    }
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

  /** End the longest idle sandboxes until `count` more can be kept, or none is idle. */
  #makeRoom(count: number): void {
    const live = [...this.#sandboxes].filter((sandbox) => !sandbox.isEnding);
    const excess = live.length + count - this.#options.maxSandboxes;
    if (excess <= 0) return;
    const idle = live.filter((sandbox) => sandbox.state === 'idle' && sandbox.isFree);
    idle.sort((a, b) => a.idleSinceMs - b.idleSinceMs);
    for (const sandbox of idle.slice(0, excess)) sandbox.kill('reaped');
  }

  async #checkMemory(): Promise<void> {
    const active = [...this.#sandboxes].filter((sandbox) => sandbox.pid && sandbox.state !== 'idle');
    if (this.#isPolling || active.length === 0) return;
    this.#isPolling = true; // asking another process, where there is no /proc, may take longer than the interval
    const bytes = await residentBytes(active.map((sandbox) => sandbox.pid));
    this.#isPolling = false;
    for (const sandbox of active) {
      sandbox.peakBytes = Math.max(sandbox.peakBytes, bytes.get(sandbox.pid) ?? 0);
      if (sandbox.peakBytes > sandbox.fn.memoryMiB * MIB) sandbox.kill('outOfMemory');
    }
  }
}

function rank(sandbox: Sandbox): number {
  return sandbox.state === 'idle' ? sandbox.idleSinceMs : -1;
}
