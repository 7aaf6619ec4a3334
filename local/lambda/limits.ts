// AWS's limits, as of November 2026. Source: the Lambda quotas page, gettingstarted-limits.

const MIB = 1024 * 1024;

/** Largest request of a synchronous invocation. */
export const MAX_SYNC_REQUEST_BYTES = 6 * MIB;
/** Largest request of an asynchronous invocation. */
export const MAX_ASYNC_REQUEST_BYTES = MIB;
/** Largest response: 6 MiB and 100 bytes. */
export const MAX_RESPONSE_BYTES = 6 * MIB + 100;
/** Log bytes returned with an invocation that requests them. */
export const LOG_TAIL_BYTES = 4096;
/** Time to load a handler before its own timeout begins to count. */
export const INIT_LIMIT_MS = 10_000;
/** Poll interval for a sandbox's memory: at 50 ms a 512 MiB limit was exceeded by 58 MiB at most, at 250 ms by 417. */
export const MEMORY_POLL_MS = 50;
/** Poll interval for the temporary folder of a busy sandbox. */
export const STORAGE_POLL_MS = 500;
/** Temporary storage of a sandbox, unless its function has more. */
export const EPHEMERAL_STORAGE_MIB = 512;
/** Idle time after which a sandbox is stopped; stopping it between two jobs in a row would cost more than both jobs. */
export const FREEZE_AFTER_MS = 10;
/** Time over which the pace of new sandboxes is counted: AWS gives each function 1,000 of them in it. */
export const RAMP_MS = 10_000;
/** Minutes between the attempts of an asynchronous invocation. */
export const ASYNC_RETRY_MINUTES = [1, 2];
/** Poll intervals of an asynchronous invocation that waits for a slot: doubling from the minimum to the maximum. */
export const MIN_THROTTLE_PAUSE_MS = 1000;
export const MAX_THROTTLE_PAUSE_MS = 300_000;
/** Time after which an asynchronous invocation is dropped, unless its function sets less. */
export const MAX_EVENT_AGE_MS = 6 * 3_600_000;

/** The quotas page says 3,000, a comment in the SDK 30,000; the smaller is safe under either. */
export const MAX_OPERATIONS = 3000;
export const MAX_UPDATES_PER_CHECKPOINT = 250;
/** Payloads of one checkpoint of several updates; one alone may be larger. */
export const MAX_CHECKPOINT_BYTES = 750 * 1024;
/** Payloads written over a whole execution. */
export const MAX_EXECUTION_BYTES = 100 * MIB;
export const MAX_OPERATION_PAYLOAD_BYTES = MIB;
/** The limit of AWS's own test server; the API model says 1 MiB. */
export const MAX_ERROR_BYTES = 32 * 1024;
export const MAX_STATE_PAGE = 1000;
/** A page of state and the event that carries the first one stay well under the 6 MiB of an invocation. */
export const MAX_STATE_PAGE_BYTES = 4 * MIB;
/** Crashes in a row without progress before a durable execution fails; about 9 were seen on AWS. */
export const MAX_CRASHES = 9;
/** Finished executions are forgotten after this, AWS's default retention. */
export const RETENTION_MS = 14 * 86_400_000;
/** Size of the journal from which it is compacted while it is written: about eighty runs of 1,000 tasks. */
export const COMPACT_ABOVE_BYTES = 64 * MIB;
/** Timeout of a whole durable execution, unless its function sets another. */
export const EXECUTION_TIMEOUT_MS = 86_400_000;
