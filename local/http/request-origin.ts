// Who may speak to the emulator: programs of this machine, and pages that it served itself. Never pages of other sites,
// which a browser lets send requests to 127.0.0.1, be it under a name of theirs that they have rebound to it.

import type { IncomingMessage } from 'node:http';

// names below localhost always mean this machine (RFC 6761, section 6.3): SDKs put a bucket there
const LOOPBACK = /^((([a-z0-9][a-z0-9.-]*)\.)?localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * Why a request is not served, in words for its sender; undefined for one that is.
 *
 * A browser names the site that a request comes from in Origin, but not in that of an image or a link; in
 * Sec-Fetch-Site it tells then whether it was another. Other clients send neither.
 */
export function refusalReason({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host = '', origin } = headers;
  if (!LOOPBACK.test(host)) return `the host must be 127.0.0.1 or localhost, got ${JSON.stringify(host.slice(0, 100))}`;
  const site = headers['sec-fetch-site'] ?? 'none';
  const isOwnPage = (origin ?? `http://${host}`) === `http://${host}` && (site === 'none' || site === 'same-origin');
  if (!isOwnPage) return 'requests of web pages from elsewhere are not served';
  return undefined;
}

/** The name in front of `.localhost`, where SDKs put the bucket when the endpoint is a name; undefined when there is none. */
export function nameBelowLocalhost(host = ''): string | undefined {
  return LOOPBACK.exec(host)?.[3]?.toLowerCase();
}
