// One sandbox: a process that runs one invocation after another, and is killed at its limits.
//
//   starting  --runtime asks for work------------> idle       (busy at once if a job is assigned)
//   idle      --job assigned---------------------> busy
//   busy      --response or error----------------> finishing  (the runtime has not yet asked for the next job)
//   finishing --runtime asks for work------------> idle       (busy at once if a job is assigned)
//   any       --process exits, or never started--> dead       (no transition leaves it)

import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs';
import type { Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { listen } from '../http/serve.ts';
import { exitResult } from './exit-result.ts';
import type { SandboxFault } from './faults.ts';
import { failedResult, type InvokeRequest, type InvokeResult, type Job, reportedFailure } from './invocation.ts';
import { INIT_LIMIT_MS, LOG_TAIL_BYTES, MAX_RESPONSE_BYTES } from './limits.ts';
import { peakResidentBytes } from './memory.ts';
import type { Emit, LocalFunction, SandboxExitReason } from './options.ts';
import { killGroup, type ProcessList } from './process-list.ts';
import { endLines, type InvocationReport, startLine } from './report.ts';
import { createRuntimeApi, sendInvocation } from './runtime-api.ts';
import { spawnRuntime, temporaryFolder } from './runtime-process.ts';
import { folderBytes, storageMiB } from './storage.ts';

export interface SandboxHost {
  readonly folder: string;
  readonly runtimePath: string;
  readonly processes: ProcessList;
  readonly emit: Emit;
  environment(fn: LocalFunction, version: string): Record<string, string>;
  onIdle(sandbox: Sandbox): void;
  /** @param undelivered a job that waited for this sandbox to finish another */
  onExit(sandbox: Sandbox, undelivered?: Job): void;
}

interface RunningJob {
  job: Job;
  startedMs: number;
  coldStart: boolean;
  /** Duration of the initialization; only of a cold start whose runtime was ready. */
  initMs?: number;
  faultTimer?: NodeJS.Timeout;
}

interface IdleState {
  name: 'idle';
  next: ServerResponse;
  sinceMs: number;
  isFrozen: boolean;
  /** Only before its first job. */
  initMs?: number;
}

/** A job that is assigned while the runtime has not asked for one is delivered when it does. */
type State =
  | { name: 'starting'; assigned?: Job; initError?: Buffer }
  | IdleState
  | { name: 'busy'; running: RunningJob }
  | { name: 'finishing'; assigned?: Job }
  | { name: 'dead' };

const MIB = 1024 * 1024;
const MAX_EVENT_INPUT_BYTES = 300; // longer inputs are left out of events

export class Sandbox {
  readonly id: string;
  readonly fn: LocalFunction;
  readonly version: string;
  peakBytes = 0;
  readonly exited: Promise<void>;

  readonly #host: SandboxHost;
  readonly #server: Server;
  readonly #startedMs = performance.now();
  #state: State = { name: 'starting' };
  #process?: ChildProcess;
  #deadline?: NodeJS.Timeout;
  #killReason?: SandboxExitReason;
  #log = '';
  #setExited!: () => void;

  constructor(id: string, fn: LocalFunction, version: string, host: SandboxHost) {
    this.id = id;
    this.fn = fn;
    this.version = version;
    this.#host = host;
    this.exited = new Promise((resolve) => (this.#setExited = resolve));
    this.#server = createRuntimeApi({
      onNext: (response) => this.#onNext(response),
      onResponse: (requestId, payload) => this.#onResponse(requestId, payload),
      onError: (requestId, payload) => this.#finish(requestId, reportedFailure(payload)),
      onInitError: (payload) => this.#failStart(payload),
    });
    void listen(this.#server, 0).then((port) => this.#spawn(port));
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  /** Undefined unless it is idle. */
  get idleSinceMs(): number | undefined {
    return this.#state.name === 'idle' ? this.#state.sinceMs : undefined;
  }

  /** Whether a job can be assigned now. */
  get isFree(): boolean {
    const state = this.#state;
    return (state.name === 'idle' || (state.name === 'finishing' && !state.assigned)) && !this.isEnding;
  }

  get isEnding(): boolean {
    return this.#killReason !== undefined;
  }

  /** Give it a job, when it has just been created or is free. */
  assign(job: Job): void {
    const state = this.#state;
    if (state.name === 'idle') this.#deliver(state, job);
    else if (state.name === 'starting' || state.name === 'finishing') state.assigned = job;
    else throw new Error(`a ${state.name} sandbox takes no job`);
  }

  /** Whether the temporary folder holds more than it may. */
  get isStorageFull(): boolean {
    return folderBytes(temporaryFolder(this.#home)) > storageMiB(this.fn) * MIB;
  }

  get #home(): string {
    return join(this.#host.folder, this.id);
  }

  /** Stop the processes until the next job, unless there is one already. */
  freeze(): void {
    if (this.#state.name !== 'idle' || this.#state.isFrozen) return;
    this.#state.isFrozen = true;
    killGroup(this.pid, 'SIGSTOP');
  }

  kill(reason: SandboxExitReason): void {
    if (this.#state.name === 'dead') return;
    this.#killReason ??= reason;
    if (this.pid) killGroup(this.pid);
    else this.#onExit(); // not spawned yet
  }

  #spawn(port: number): void {
    if (this.#killReason) return;
    const child = spawnRuntime({
      fn: this.fn,
      runtimePath: this.#host.runtimePath,
      home: this.#home,
      environment: {
        ...this.#host.environment(this.fn, this.version),
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        AWS_LAMBDA_LOG_STREAM_NAME: this.id,
        AWS_SDK_UA_APP_ID: this.id, // names the sandbox in requests to S3
      },
    });
    this.#process = child;
    const streams = [child.stdout!, child.stderr!];
    for (const stream of streams) stream.setEncoding('utf8').on('data', (text: string) => this.#onOutput(text));
    child.once('error', ({ message }) => {
      const error = { errorType: 'Runtime.InvalidEntrypoint', errorMessage: message };
      this.#failStart(Buffer.from(JSON.stringify(error)));
      this.#onExit(); // could not be started
    });
    child.once('exit', () => {
      killGroup(this.pid); // processes that it may have started itself
      // output ends soon after; a grandchild that left the group must not hold us up
      setTimeout(() => {
        for (const stream of streams) stream.destroy();
      }, 1000).unref();
    });
    child.once('close', () => this.#onExit());
    if (!this.pid) return;
    this.#host.processes.add(this.pid);
    this.#host.emit({ type: 'sandboxStarted', ...this.#fields() });
    this.#limitTime(INIT_LIMIT_MS + this.fn.timeoutMs);
  }

  /** Keep the error of a runtime that could not start; its process ends soon after. */
  #failStart(error: Buffer): void {
    if (this.#state.name === 'starting') this.#state.initError = error;
  }

  #fields() {
    return { sandboxId: this.id, functionName: this.fn.name, pid: this.pid };
  }

  #limitTime(ms: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.kill('timedOut'), ms);
  }

  #onOutput(text: string): void {
    this.#log = (this.#log + text).slice(-LOG_TAIL_BYTES);
    this.#host.emit({ type: 'log', text, ...this.#fields() });
  }

  #onNext(next: ServerResponse): void {
    const before = this.#state;
    // a runtime that asks before it has answered is about to be killed, now or when its time is up
    if (before.name === 'busy' || before.name === 'dead') return;
    clearTimeout(this.#deadline);
    let initMs = before.name === 'idle' ? before.initMs : undefined;
    if (before.name === 'starting') {
      initMs = performance.now() - this.#startedMs;
      this.#host.emit({ type: 'sandboxReady', initMs, ...this.#fields() });
    }
    const idle: IdleState = { name: 'idle', next, initMs, sinceMs: performance.now(), isFrozen: false };
    this.#state = idle;
    if (before.name !== 'idle' && before.assigned) this.#deliver(idle, before.assigned);
    else this.#host.onIdle(this);
  }

  #deliver({ next, initMs, isFrozen }: IdleState, job: Job): void {
    const coldStart = initMs !== undefined;
    const running: RunningJob = { job, coldStart, initMs, startedMs: performance.now() };
    this.#state = { name: 'busy', running };
    const { requestId, payload } = job.request;
    this.#log = startLine(requestId, this.version);
    if (isFrozen) killGroup(this.pid, 'SIGCONT');
    this.#limitTime(this.fn.timeoutMs);
    const input = payload.length <= MAX_EVENT_INPUT_BYTES ? payload.toString() : undefined;
    this.#host.emit({ type: 'invokeStarted', requestId, coldStart, input, ...this.#fields() });
    sendInvocation(next, job.request, this.fn.timeoutMs);
    const { fault } = job.request;
    if (fault) running.faultTimer = setTimeout(() => this.#strike(fault), fault.afterMs);
  }

  #strike({ kind, stopMs, strike }: SandboxFault): void {
    if (this.isEnding) return;
    strike();
    if (kind === 'kill') {
      this.kill('killed');
      return;
    }
    killGroup(this.pid, 'SIGSTOP');
    setTimeout(() => {
      const state = this.#state;
      const isFrozen = state.name === 'idle' && state.isFrozen;
      if (state.name !== 'dead' && !isFrozen) killGroup(this.pid, 'SIGCONT');
    }, stopMs).unref();
  }

  /** The running job, when it has this id. */
  #runningJob(requestId: string): RunningJob | undefined {
    const running = this.#state.name === 'busy' ? this.#state.running : undefined;
    return running?.job.request.requestId === requestId ? running : undefined;
  }

  #onResponse(requestId: string, payload: Buffer | undefined): boolean {
    const running = this.#runningJob(requestId);
    const fault = running?.job.request.fault;
    if (fault?.kind === 'kill') {
      this.#strike(fault); // the fault kills it before it can answer
      return true;
    }
    if (payload && running && this.isStorageFull) {
      this.kill('outOfStorage'); // where the handler would have failed to write
      return true;
    }
    if (payload) return this.#finish(requestId, { payload });
    const message = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
    return this.#finish(requestId, failedResult('Function.ResponseSizeTooLarge', message));
  }

  /** @returns false when this invocation is not the running one */
  #finish(requestId: string, result: InvokeResult): boolean {
    const running = this.#runningJob(requestId);
    if (!running) return false;
    this.#state = { name: 'finishing' }; // its time counts until it asks for the next job
    this.#settle(running, result);
    return true;
  }

  #settle({ job, coldStart, initMs, startedMs, faultTimer }: RunningJob, result: InvokeResult): void {
    clearTimeout(faultTimer);
    const { requestId } = job.request;
    const durationMs = performance.now() - startedMs;
    this.peakBytes = Math.max(this.peakBytes, peakResidentBytes(this.pid));
    const report: InvocationReport = {
      initMs,
      durationMs,
      billedMs: Math.ceil(durationMs + (initMs ?? 0)), // initialization is billed since August 2025
      maxMemoryMiB: Math.ceil(this.peakBytes / MIB),
    };
    const { error } = result;
    this.#host.emit({ type: 'invokeFinished', requestId, coldStart, error, ...report, ...this.#fields() });
    void this.#endLog(job.request, report).then((log) => job.resolve({ ...result, durationMs, log }));
  }

  async #endLog({ requestId, wantsLog }: InvokeRequest, report: InvocationReport): Promise<string> {
    if (!wantsLog) return '';
    // what the handler printed is in the pipe by now, and read within a turn of the event loop
    await setImmediate();
    await setImmediate();
    return this.#log + endLines(requestId, this.fn.memoryMiB, report);
  }

  #onExit(): void {
    const before = this.#state;
    if (before.name === 'dead') return;
    this.#state = { name: 'dead' };
    clearTimeout(this.#deadline);
    this.#server.close();
    this.#server.closeAllConnections();
    if (before.name === 'busy') this.#settle(before.running, this.#exitResult(before.running.job));
    // a job that never reached a runtime that could not start fails with it; any other goes to another sandbox
    if (before.name === 'starting' && before.assigned) {
      const { assigned: job, initError } = before;
      const result = initError ? reportedFailure(initError) : this.#exitResult(job);
      this.#settle({ job, coldStart: true, startedMs: this.#startedMs }, result);
    }
    if (this.pid) {
      this.#host.processes.remove(this.pid);
      this.#host.emit({ type: 'sandboxExited', reason: this.#killReason ?? 'crashed', ...this.#fields() });
    }
    rm(this.#home, { recursive: true, force: true }, () => {});
    this.#host.onExit(this, before.name === 'finishing' ? before.assigned : undefined);
    this.#setExited();
  }

  #exitResult({ request }: Job): InvokeResult {
    return exitResult(request.requestId, { fn: this.fn, killReason: this.#killReason, child: this.#process });
  }
}
