// The dashboard over HTTP: its page, the log of events as it grows, and the log as a file.

import { createReadStream, type Stats, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { refusalReason } from '../http/request-origin.ts';
import { type LocalServer, send, serve } from '../http/serve.ts';
import { exportPage } from './export.ts';

export interface DashboardOptions {
  port: number;
  /** Folder with the page. */
  pageDir: string;
  /** The log, to which others append whole lines. */
  eventsFile: string;
  /** Offset in the log at which to begin, in bytes: earlier lines are another emulator's. */
  from: number;
}

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};
const TICK_MS = 100;
/** Approximate size of a message of the stream, which holds whole lines; a single line may be longer. */
const CHUNK_BYTES = 256 * 1024;
/** Maximum bytes buffered for a slow reader before sending pauses. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** Serve until closed, on 127.0.0.1 only. Streams end after the last line of the log. */
export async function startDashboard({ port, pageDir, eventsFile, from }: DashboardOptions): Promise<LocalServer> {
  const streams = new Set<EventStream>();
  const server = await serve(port, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const timer = setInterval(() => {
    for (const stream of streams) void stream.send();
  }, TICK_MS);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalReason(request);
    if (refusal !== undefined) return sendText(response, 403, refusal);
    if (request.method !== 'GET') return sendText(response, 405, 'only GET is supported');
    const { pathname } = new URL(request.url!, 'http://127.0.0.1');
    if (pathname === '/events') {
      const stream = new EventStream(eventsFile, from, request.headers['last-event-id'], response);
      streams.add(stream);
      response.on('close', () => streams.delete(stream));
      return stream.send();
    }
    if (pathname === '/events.ndjson') {
      response.writeHead(200, { ...HEADERS, 'content-type': 'application/x-ndjson' });
      createReadStream(eventsFile, { start: from }).pipe(response);
      return;
    }
    if (pathname === '/export.html') {
      const body = await exportPage(pageDir, await readFrom(eventsFile, from));
      const disposition = 'attachment; filename="arvoredo-dashboard.html"';
      return send(response, 200, body, { 'content-type': TYPES.html, 'content-disposition': disposition });
    }
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    const type = TYPES[name.split('.').at(-1)!];
    const body =
      /^[\w-]+(\.[\w-]+)+$/.test(name) && type ? await readFile(join(pageDir, name)).catch(() => undefined) : undefined;
    if (!body) return sendText(response, 404, 'this page does not exist; the dashboard is at /');
    send(response, 200, body, { ...HEADERS, 'content-type': type });
  }

  return {
    ...server,
    async close() {
      clearInterval(timer);
      await Promise.all([...streams].map((stream) => stream.end()));
      await server.close();
    },
  };
}

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, `${text}\n`, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' });
}

async function readFrom(file: string, start: number): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { start })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/**
 * The log as server-sent events, each with some of its lines. An event's id is the log file and the offset after these
 * lines, so that a browser that lost the connection continues where it was, also when another emulator appends to the
 * same log. With the id of another folder's log, the stream sends `begin` and starts anew.
 */
class EventStream {
  readonly #file: string;
  readonly #response: ServerResponse;
  readonly #log: string;
  #offset: number;
  #sending?: Promise<void>;

  constructor(file: string, from: number, lastId: string | string[] | undefined, response: ServerResponse) {
    const stats = readStats(file);
    this.#file = file;
    this.#log = stats ? `${stats.ino}-${Math.round(stats.birthtimeMs)}` : 'none';
    this.#response = response;
    const [, log, offset] = /^(.+):(\d+)$/.exec(String(lastId)) ?? [];
    const isKnown = log === this.#log && Number(offset) <= (stats?.size ?? 0);
    this.#offset = isKnown ? Number(offset) : from;
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(`retry: 1000\n${isKnown ? '' : 'event: begin\ndata:\n'}\n`);
  }

  /** Send what has come since the last time. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined));
    return this.#sending;
  }

  async end(): Promise<void> {
    await this.send();
    await this.send(); // what came during the first
    this.#response.end('event: end\ndata:\n\n');
  }

  async #sendAll(): Promise<void> {
    if ((readStats(this.#file)?.size ?? 0) <= this.#offset) return;
    const file = await open(this.#file);
    try {
      for (let room = CHUNK_BYTES; this.#response.writableLength < MAX_WAITING_BYTES; ) {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(room), 0, room, this.#offset);
        const end = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
        if (end === 0) {
          if (bytesRead < room) return; // a line that is not whole yet
          room *= 2;
          continue;
        }
        const lines = buffer.toString('utf8', 0, end - 1).replaceAll('\n', '\ndata:');
        this.#offset += end;
        this.#response.write(`id:${this.#log}:${this.#offset}\ndata:${lines}\n\n`);
        room = CHUNK_BYTES;
      }
    } finally {
      await file.close();
    }
  }
}

function readStats(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}
