// A small HTTP server on 127.0.0.1, open until it is closed.

import { createServer, type RequestListener } from 'node:http';
import { listen } from '../lambda/http.ts';

export interface LocalServer {
  url: string;
  port: number;
  /** Drops the connections that are open. */
  close(): Promise<void>;
}

/** @param port 0 for any free one */
export async function serve(port: number, answer: RequestListener): Promise<LocalServer> {
  const server = createServer(answer);
  const boundPort = await listen(server, port);
  return {
    url: `http://127.0.0.1:${boundPort}`,
    port: boundPort,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
