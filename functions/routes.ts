// The routes of the API: the stack deploys them, the emulator serves them, and a function URL, which has none, needs them.

export const ROUTES = [
  'POST /runs',
  'GET /runs',
  'GET /runs/{id}',
  'GET /runs/{id}/report',
  'DELETE /runs/{id}',
  'POST /models/{id}/predict',
] as const;

/** The function that answers a route. */
export function functionOfRoute(routeKey: string): 'api' | 'predict' {
  return routeKey.includes('/models/') ? 'predict' : 'api';
}

export interface MatchedRoute {
  /** Method and path, as in `GET /runs/{id}`. */
  routeKey: string;
  /** Values of the names in braces, decoded. */
  pathParameters: Record<string, string>;
}

/**
 * The route that answers a request; undefined when there is none.
 *
 * @param rawPath still encoded
 * @throws {URIError} when a parameter is not percent-encoded UTF-8
 */
export function matchRoute(routes: readonly string[], method: string, rawPath: string): MatchedRoute | undefined {
  const segments = rawPath.split('/');
  for (const routeKey of routes) {
    const [routeMethod, path = ''] = routeKey.split(' ');
    if (routeMethod !== method) continue;
    const pathParameters = matchPath(path.split('/'), segments);
    if (pathParameters) return { routeKey, pathParameters };
  }
  return undefined;
}

function matchPath(pattern: string[], segments: string[]): Record<string, string> | undefined {
  if (segments.length !== pattern.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [i, part] of pattern.entries()) {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name && segments[i]) parameters[name] = decodeURIComponent(segments[i]);
    else if (part !== segments[i]) return undefined;
  }
  return parameters;
}
