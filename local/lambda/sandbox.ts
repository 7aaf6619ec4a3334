// One sandbox: a process that runs one invocation after another, and is killed at its limits.
//
//   starting  --runtime asks for work------------> idle       (busy at once if a job is assigned)
//   idle      --job delivered--------------------> busy
//   busy      --response or error----------------> finishing  (the runtime has not yet asked for the next job)
//   finishing --runtime asks for work------------> idle       (busy at once if a job is assigned)
//   any       --process exits, or never started--> dead       (no transition leaves it)

import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs';
import type { Server, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { listen } from '../http/serve.ts';
import type { SandboxFault } from './faults.ts';
import { EPHEMERAL_STORAGE_MIB, INIT_LIMIT_MS, LOG_TAIL_BYTES, MAX_RESPONSE_BYTES } from './limits.ts';
import { peakResidentBytes } from './memory.ts';
import type { Emit, LocalFunction, SandboxExitReason } from './options.ts';
import { killGroup, type ProcessList } from './process-list.ts';
import { endLines, type InvocationReport, startLine } from './report.ts';
import { createRuntimeApi } from './runtime-api.ts';
import { describeExit, spawnRuntime, temporaryFolder } from './runtime-process.ts';
import { folderBytes } from './storage.ts';

export interface InvokeRequest {
  requestId: string;
  payload: Buffer;
  functionArn: string;
  /** JSON. */
  clientContext?: string;
  /** Whether the outcome carries the end of the log. */
  wantsLog?: boolean;
  fault?: SandboxFault;
}

export interface InvokeError {
  type: string;
  message: string;
  trace?: string[];
}

export interface InvokeOutcome {
  payload: Buffer;
  /** Set when the function failed; the payload is then `{errorType, errorMessage, trace?}`. */
  error?: InvokeError;
  /** From the handler's start to its answer. */
  durationMs: number;
  log: string;
}

export interface Job {
  request: InvokeRequest;
  resolve(outcome: InvokeOutcome): void;
}

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

const MIB = 1024 * 1024;
const MAX_EVENT_INPUT_BYTES = 300; // longer inputs are left out of events

export class Sandbox {
  readonly id: string;
  readonly fn: LocalFunction;
  readonly version: string;
  /** In `finishing` the next job may be assigned; it is delivered when the runtime asks for it. */
  state: 'starting' | 'idle' | 'busy' | 'finishing' | 'dead' = 'starting';
  idleSinceMs = 0;
  peakBytes = 0;
  readonly exited: Promise<void>;

  readonly #host: SandboxHost;
  readonly #server: Server;
  readonly #startedMs = performance.now();
  #process!: ChildProcess;
  #initMs?: number;
  #next?: ServerResponse;
  #assigned?: Job;
  #running?: { job: Job; coldStart: boolean; startedMs: number };
  #numJobs = 0;
  #deadline?: NodeJS.Timeout;
  #fault?: NodeJS.Timeout;
  #isFrozen = false;
  #killReason?: SandboxExitReason;
  #initError?: Buffer;
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
      onError: (requestId, payload) => this.#finish(requestId, payload, errorOf(payload)),
      onInitError: (payload) => (this.#initError = payload),
    });
    void listen(this.#server, 0).then((port) => this.#spawn(port));
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Whether a job can be assigned now. */
  get isFree(): boolean {
    return (this.state === 'idle' || this.state === 'finishing') && !this.#assigned && !this.isEnding;
  }

  get isEnding(): boolean {
    return this.#killReason !== undefined;
  }

  assign(job: Job): void {
    this.#assigned = job;
    if (this.#next) this.#deliver();
  }

  /** Whether the temporary folder holds more than it may. */
  get isStorageFull(): boolean {
    return folderBytes(temporaryFolder(this.#home)) > this.#storageMiB * MIB;
  }

  get #home(): string {
    return join(this.#host.folder, this.id);
  }

  get #storageMiB(): number {
    return this.fn.ephemeralStorageMiB ?? EPHEMERAL_STORAGE_MIB;
  }

  /** Stop the processes until the next job, unless there is one already. */
  freeze(): void {
    if (this.state !== 'idle' || this.#isFrozen) return;
    this.#isFrozen = true;
    killGroup(this.pid, 'SIGSTOP');
  }

  kill(reason: SandboxExitReason): void {
    if (this.state === 'dead') return;
    this.#killReason ??= reason;
    if (this.pid) killGroup(this.pid);
    else this.#onExit(); // not spawned yet
  }

  #spawn(port: number): void {
    if (this.#killReason) return;
    this.#process = spawnRuntime({
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
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#onOutput(text));
    }
    this.#process.once('error', ({ message }) => {
      this.#initError = Buffer.from(JSON.stringify({ errorType: 'Runtime.InvalidEntrypoint', errorMessage: message }));
      this.#onExit(); // could not be started
    });
    this.#process.once('exit', () => {
      killGroup(this.pid); // processes that it may have started itself
      // output ends soon after; a grandchild that left the group must not hold us up
      setTimeout(() => this.#process.stdout!.destroy() && this.#process.stderr!.destroy(), 1000).unref();
    });
    this.#process.once('close', () => this.#onExit());
    if (!this.pid) return;
    this.#host.processes.add(this.pid);
    this.#host.emit({ type: 'sandboxStarted', ...this.#fields() });
    this.#limitTime(INIT_LIMIT_MS + this.fn.timeoutMs);
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

  #onNext(response: ServerResponse): void {
    clearTimeout(this.#deadline);
    this.#next = response;
    if (this.#initMs === undefined) {
      this.#initMs = performance.now() - this.#startedMs;
      this.#host.emit({ type: 'sandboxReady', initMs: this.#initMs, ...this.#fields() });
    }
    this.state = 'idle';
    if (this.#assigned) {
      this.#deliver();
      return;
    }
    this.idleSinceMs = performance.now();
    this.#host.onIdle(this);
  }

  #deliver(): void {
    const job = this.#assigned!;
    const response = this.#next!;
    this.#assigned = undefined;
    this.#next = undefined;
    this.state = 'busy';
    const { requestId, payload, functionArn, clientContext } = job.request;
    this.#running = { job, coldStart: this.#numJobs++ === 0, startedMs: performance.now() };
    this.#log = startLine(requestId, this.version);
    if (this.#isFrozen) killGroup(this.pid, 'SIGCONT');
    this.#isFrozen = false;
    this.#limitTime(this.fn.timeoutMs);
    const { coldStart } = this.#running;
    const input = payload.length <= MAX_EVENT_INPUT_BYTES ? payload.toString() : undefined;
    this.#host.emit({ type: 'invokeStarted', requestId, coldStart, input, ...this.#fields() });
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': payload.length,
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(Date.now() + this.fn.timeoutMs),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
      ...(clientContext && { 'lambda-runtime-client-context': clientContext }),
    });
    response.end(payload);
    const { fault } = job.request;
    if (fault) this.#fault = setTimeout(() => this.#strike(fault), fault.afterMs);
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
      if (this.state !== 'dead' && !this.#isFrozen) killGroup(this.pid, 'SIGCONT');
    }, stopMs).unref();
  }

  #onResponse(requestId: string, payload: Buffer | undefined): boolean {
    const { request } = this.#running?.job ?? {};
    if (request?.fault?.kind === 'kill' && request.requestId === requestId) {
      this.#strike(request.fault); // the fault kills it before it can answer
      return true;
    }
    if (payload && requestId === this.#running?.job.request.requestId && this.isStorageFull) {
      this.kill('outOfStorage'); // where the handler would have failed to write
      return true;
    }
    if (payload) return this.#finish(requestId, payload);
    const message = `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`;
    return this.#fail(requestId, 'Function.ResponseSizeTooLarge', message);
  }

  #fail(requestId: string, type: string, message: string): boolean {
    const payload = Buffer.from(JSON.stringify({ errorType: type, errorMessage: message }));
    return this.#finish(requestId, payload, { type, message });
  }

  /** @returns false when this invocation is not the running one */
  #finish(requestId: string, payload: Buffer, error?: InvokeError): boolean {
    const running = this.#running;
    if (running?.job.request.requestId !== requestId) return false;
    this.#running = undefined;
    if (this.state === 'busy') this.state = 'finishing'; // its time counts until it asks for the next job
    clearTimeout(this.#fault);
    const { job, coldStart, startedMs } = running;
    const durationMs = performance.now() - startedMs;
    const initMs = coldStart ? this.#initMs : undefined;
    this.peakBytes = Math.max(this.peakBytes, peakResidentBytes(this.pid));
    const report: InvocationReport = {
      initMs,
      durationMs,
      billedMs: Math.ceil(durationMs + (initMs ?? 0)), // initialization is billed since August 2025
      maxMemoryMiB: Math.ceil(this.peakBytes / MIB),
    };
    this.#host.emit({ type: 'invokeFinished', requestId, coldStart, error, ...report, ...this.#fields() });
    void this.#endLog(job.request, report).then((log) => job.resolve({ payload, error, durationMs, log }));
    return true;
  }

  async #endLog({ requestId, wantsLog }: InvokeRequest, report: InvocationReport): Promise<string> {
    if (!wantsLog) return '';
    // what the handler printed is in the pipe by now, and read within a turn of the event loop
    await setImmediate();
    await setImmediate();
    return this.#log + endLines(requestId, this.fn.memoryMiB, report);
  }

  #onExit(): void {
    if (this.state === 'dead') return;
    const hasStarted = this.#initMs !== undefined;
    this.state = 'dead';
    clearTimeout(this.#deadline);
    this.#server.close();
    this.#server.closeAllConnections();
    // a job that never reached a runtime that could not start fails with it; any other goes to another sandbox
    if (!hasStarted && this.#assigned) {
      this.#running = { job: this.#assigned, coldStart: true, startedMs: this.#startedMs };
      this.#assigned = undefined;
    }
    if (this.#running) this.#failByExit(this.#running.job.request.requestId);
    if (this.pid) {
      this.#host.processes.remove(this.pid);
      this.#host.emit({ type: 'sandboxExited', reason: this.#killReason ?? 'crashed', ...this.#fields() });
    }
    rm(this.#home, { recursive: true, force: true }, () => {});
    this.#host.onExit(this, this.#assigned);
    this.#setExited();
  }

  #failByExit(requestId: string): void {
    const prefix = `RequestId: ${requestId} Error: `;
    if (this.#initError) {
      this.#finish(requestId, this.#initError, errorOf(this.#initError));
    } else if (this.#killReason === 'timedOut') {
      const seconds = (this.fn.timeoutMs / 1000).toFixed(2);
      this.#fail(requestId, 'Sandbox.Timedout', `${prefix}Task timed out after ${seconds} seconds`);
    } else if (this.#killReason === 'outOfMemory') {
      this.#fail(requestId, 'Runtime.OutOfMemory', `${prefix}Runtime exited with error: signal: killed`);
    } else if (this.#killReason === 'outOfStorage') {
      const message = `ENOSPC: no space left on device, the temporary folder holds more than ${this.#storageMiB} MB`;
      this.#fail(requestId, 'Error', message);
    } else {
      this.#fail(requestId, 'Runtime.ExitError', prefix + describeExit(this.#process));
    }
  }
}

/** The error that a runtime reports, which may be any text. */
function errorOf(payload: Buffer): InvokeError {
  try {
    const { errorType, errorMessage, trace } = JSON.parse(payload.toString());
    return { type: String(errorType), message: String(errorMessage), trace };
  } catch {
    return { type: 'Runtime.Unknown', message: payload.toString() };
  }
}
