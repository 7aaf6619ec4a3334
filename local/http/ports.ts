// Listens on the requested port, or on the next free one.

const TRIES = 50;

/**
 * Start a server on a port or, where that is taken, on the next free one.
 *
 * @param base first port of a group, or undefined for any free port
 * @param offset index of this server in the group
 * @param start starts the server on a port, 0 for any; rejects with EADDRINUSE where it is taken
 */
export async function listenNear<T>(
  base: number | undefined,
  offset: number,
  start: (port: number) => Promise<T>,
): Promise<T> {
  if (base === undefined) return start(0);
  for (let port = base + offset; ; port++) {
    try {
      return await start(port);
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!isTaken || port >= Math.min(65535, base + offset + TRIES)) throw error;
    }
  }
}
