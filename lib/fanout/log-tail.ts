// The end of a failed attempt's log. A chained invocation brings back an error's message alone, so it travels in there.

const MARK = '\n— log —\n';
const MAX_BYTES = 4096; // as much as Lambda gives with an invocation that waits for its answer

/** @returns the message, and after it the last 4 KB of the log */
export function withLog(message: string, log: string): string {
  const bytes = Buffer.from(log.trimEnd());
  // a character that is cut in two at the front is left out
  const end = bytes
    .subarray(Math.max(0, bytes.length - MAX_BYTES))
    .toString()
    .replace(/^\uFFFD+/, '');
  return end === '' ? message : `${message}${MARK}${end}`;
}

/** Part a message from the log that came with it. */
export function takeLog(message: string): { message: string; log?: string } {
  const at = message.indexOf(MARK);
  return at === -1 ? { message } : { message: message.slice(0, at), log: message.slice(at + MARK.length) };
}

/** Where to look for the log of an attempt that sent none: it was killed, or its function sends none. */
export function logLocation(functionName: string, message: string): string {
  const [requestId] = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/.exec(message) ?? [];
  const filter = requestId === undefined ? '' : `, request ${requestId}`;
  return `no log came with it: see the log group of function ${functionName}${filter}`;
}
