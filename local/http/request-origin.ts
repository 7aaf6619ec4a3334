// Accepts requests of programs on this machine and of pages that the emulator serves itself. Pages of other sites are
// rejected: a browser lets them send requests to 127.0.0.1, also under their own name that they rebind to it.

import type { IncomingMessage } from 'node:http';

// names below localhost always mean this machine (RFC 6761, section 6.3): SDKs put a bucket there
const LOOPBACK = /^((([a-z0-9][a-z0-9.-]*)\.)?localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * The reason to reject a request, as a message for its sender; undefined to accept it.
 *
 * A browser sends the page's site in Origin, except for an image or a link; Sec-Fetch-Site then says whether it was
 * another site. Other clients send neither.
 */
export function refusalReason({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host = '', origin } = headers;
  if (!LOOPBACK.test(host)) return `the host must be 127.0.0.1 or localhost, got ${JSON.stringify(host.slice(0, 100))}`;
  const site = headers['sec-fetch-site'] ?? 'none';
  const isOwnPage = (origin ?? `http://${host}`) === `http://${host}` && (site === 'none' || site === 'same-origin');
  if (!isOwnPage) return 'requests from web pages of other sites are rejected';
  return undefined;
}

/** The name before `.localhost`, where SDKs put the bucket when the endpoint is a name; undefined when there is none. */
export function nameBelowLocalhost(host = ''): string | undefined {
  return LOOPBACK.exec(host)?.[3]?.toLowerCase();
}
