// Where events come from: the emulator as they happen, a file, or the page itself.

const AGAIN_MS = 3000; // after the emulator has ended: another may start
const PARSE_AT_ONCE = 20_000; // lines, so that a long file leaves the page alive

/**
 * @param onEvents given events in order
 * @param onState called with `live`, `lost` or `ended`
 * @param onBegin called before the first events of another log: the page drops earlier events
 */
export function openLive(onEvents, onState, onBegin) {
  let stream;
  let timer;
  let hasEnded = false;
  function connect() {
    stream = new EventSource('events');
    stream.addEventListener('open', () => {
      hasEnded = false;
      onState('live');
    });
    stream.addEventListener('begin', onBegin);
    stream.addEventListener('message', ({ data }) => onEvents(parse(data)));
    stream.addEventListener('end', () => {
      hasEnded = true;
      onState('ended');
      connectLater();
    });
    stream.addEventListener('error', () => {
      if (!hasEnded) onState('lost');
      // a browser retries by itself, but not after every error, and once a second even when the server stays away long
      if (hasEnded || stream.readyState === EventSource.CLOSED) connectLater();
    });
  }
  function connectLater() {
    stream.close();
    clearTimeout(timer);
    timer = setTimeout(connect, AGAIN_MS);
  }
  connect();
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}

/** Parse lines of JSON as events; a line that is not JSON, such as one that a full disk tore, is skipped. */
export function parse(text) {
  const events = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    try {
      events.push(JSON.parse(line));
    } catch {}
  }
  return events;
}

/** Parse a whole file, a part at a time. */
export async function parseFile(text, onEvents) {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += PARSE_AT_ONCE) {
    onEvents(parse(lines.slice(at, at + PARSE_AT_ONCE).join('\n')));
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** @throws {Error} when the file cannot be read */
export async function fetchText(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} cannot be read: ${response.status}`);
  return response.text();
}
