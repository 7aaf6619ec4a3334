// The queue of asynchronous invocations: each is a file until it has succeeded or was dropped, so that the next
// emulator resumes it after a kill. Delivered at least once, as on AWS.
// Source: docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { FormatError } from '../../lib/base/errors.ts';
import type { Concurrency } from './concurrency.ts';
import { deliver, destinationRecord } from './destination.ts';
import { type DuplicateOptions, isDoubled } from './duplicates.ts';
import type { InvokeOutcome } from './invocation.ts';
import {
  ASYNC_RETRY_MINUTES,
  MAX_ASYNC_REQUEST_BYTES,
  MAX_EVENT_AGE_MS,
  MAX_THROTTLE_PAUSE_MS,
  MIN_THROTTLE_PAUSE_MS,
} from './limits.ts';
import type { FunctionNames, FunctionTarget } from './names.ts';
import type { DropCondition, Emit } from './options.ts';
import type { SandboxPool } from './pool.ts';

export interface EventQueueOptions {
  /** Holds the files of events, in a folder that `readEvents` made, and of queues that are destinations. */
  dataDir: string;
  names: FunctionNames;
  concurrency: Concurrency;
  pool: Pick<SandboxPool, 'run'>;
  emit: Emit;
  /** Factor on every duration that AWS states: pauses and the age. */
  delayScale: number;
  duplicates: DuplicateOptions;
}

const whole = () => v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const QueuedEventShape = v.object({
  requestId: v.string(),
  functionArn: v.string(),
  /** JSON. */
  payload: v.string(),
  clientContext: v.optional(v.string()),
  acceptedAtMs: whole(),
  /** Failed attempts. */
  tries: whole(),
});
/** An asynchronous invocation, as stored in its file. */
export type QueuedEvent = v.InferOutput<typeof QueuedEventShape>;

/**
 * Read the events that an earlier service left in a folder, the oldest first.
 *
 * @throws {FormatError} when a file does not hold an event
 */
export function readEvents(dataDir: string): QueuedEvent[] {
  const folder = eventFolder(dataDir);
  mkdirSync(folder, { recursive: true });
  const events: QueuedEvent[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (name.endsWith('.json')) events.push(readEvent(path));
    else rmSync(path); // written in part
  }
  return events;
}

function readEvent(path: string): QueuedEvent {
  const where = `event ${path}`;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new FormatError(`${where} cannot be read: ${reason}; remove the file to start without it`, { cause });
  }
  const { success, issues, output } = v.safeParse(QueuedEventShape, value);
  if (success) return output;
  const [{ message }] = issues;
  throw new FormatError(
    `${where} is not an asynchronous invocation: ${v.getDotPath(issues[0]) ?? 'value'}: ${message}; remove the file to start without it`,
  );
}

const eventFolder = (dataDir: string) => join(dataDir, 'events');

export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #folder: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isClosed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#folder = eventFolder(options.dataDir);
  }

  /** Deliver the events of an earlier service, as `readEvents` found them. */
  resume(events: readonly QueuedEvent[]): void {
    for (const event of events) this.#run(event);
  }

  /** Queue an event; it is in its file when this returns. */
  accept(target: FunctionTarget, given: { requestId: string; payload: string; clientContext?: string }): void {
    const event: QueuedEvent = { ...given, functionArn: target.arn, acceptedAtMs: Date.now(), tries: 0 };
    this.#save(event);
    this.#run(event);
    if (isDoubled(this.#options.duplicates, target.fn.name, event.payload)) {
      // the second delivery is not promised to the caller: it has no file and no retries
      void this.#whenAdmitted(target, event).then((isIn) => {
        if (isIn) void this.#try(target, event);
      });
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #run(event: QueuedEvent): void {
    let target: FunctionTarget;
    try {
      target = this.#options.names.resolve(event.functionArn);
    } catch {
      this.#forget(event); // the function is gone
      return;
    }
    void this.#runTo(target, event);
  }

  async #runTo(target: FunctionTarget, event: QueuedEvent): Promise<void> {
    for (let outcome: InvokeOutcome | undefined; ; ) {
      if (!(await this.#whenAdmitted(target, event))) {
        const isStopped = this.#options.concurrency.reserved(target.fn) === 0;
        return this.#drop(target, event, isStopped ? 'RetriesExhausted' : 'EventAgeExceeded', outcome);
      }
      outcome = await this.#try(target, event);
      if (this.#isClosed) return; // its file stays
      if (!outcome.error) return this.#forget(event);
      event.tries++;
      this.#save(event);
      if (event.tries > (target.fn.maxRetries ?? 2)) return this.#drop(target, event, 'RetriesExhausted', outcome);
      await this.#pause(ASYNC_RETRY_MINUTES[event.tries - 1] * 60_000);
    }
  }

  /** Wait for a concurrency slot and take it; throttling is not a failed attempt. @returns false when the event is to be dropped */
  async #whenAdmitted({ fn }: FunctionTarget, event: QueuedEvent): Promise<boolean> {
    const { concurrency } = this.#options;
    for (let pauseMs = MIN_THROTTLE_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_THROTTLE_PAUSE_MS)) {
      // a function without concurrency never gets a slot
      if (this.#isTooOld(event, fn.maxEventAgeMs) || concurrency.reserved(fn) === 0) return false;
      if (concurrency.refusal(fn) === undefined) break;
      await this.#pause(pauseMs);
    }
    concurrency.enter(fn);
    return true;
  }

  #isTooOld({ acceptedAtMs }: QueuedEvent, maxAgeMs = MAX_EVENT_AGE_MS): boolean {
    return Date.now() - acceptedAtMs >= maxAgeMs * this.#options.delayScale;
  }

  #try(
    { fn, version, arn }: FunctionTarget,
    { requestId, payload, clientContext }: QueuedEvent,
  ): Promise<InvokeOutcome> {
    const request = { requestId, payload: Buffer.from(payload), functionArn: arn, clientContext };
    return this.#options.pool.run(fn, version, request);
  }

  #drop(
    target: FunctionTarget,
    event: QueuedEvent,
    condition: DropCondition,
    outcome: InvokeOutcome | undefined,
  ): void {
    const { emit, names, dataDir } = this.#options;
    const { name: functionName, onFailure } = target.fn;
    const record = JSON.stringify(destinationRecord(target, event, condition, outcome));
    const isSent = onFailure !== undefined && Buffer.byteLength(record) <= MAX_ASYNC_REQUEST_BYTES;
    if (isSent) deliver(onFailure, record, { names, dataDir, invoke: (to, payload) => this.accept(to, payload) });
    const destination = isSent ? onFailure : undefined;
    emit({ type: 'eventDropped', functionName, requestId: event.requestId, condition, destination });
    this.#forget(event);
  }

  /** Wait for a duration that AWS states, on the scaled clock. Never settles after `close`. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isClosed) return;
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms * this.#options.delayScale);
      this.#timers.add(timer);
    });
  }

  #path({ acceptedAtMs, requestId }: QueuedEvent): string {
    return join(this.#folder, `${acceptedAtMs}-${requestId}.json`);
  }

  #save(event: QueuedEvent): void {
    const path = this.#path(event);
    writeFileSync(`${path}.new`, JSON.stringify(event));
    renameSync(`${path}.new`, path);
  }

  #forget(event: QueuedEvent): void {
    rmSync(this.#path(event), { force: true });
  }
}
