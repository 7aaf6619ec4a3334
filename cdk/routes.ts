// The routes of the HTTP API, as the stack deploys them and the emulator serves them.

export const ROUTES = [
  'POST /runs',
  'GET /runs',
  'GET /runs/{id}',
  'DELETE /runs/{id}',
  'POST /models/{id}/predict',
] as const;

/** The function that answers a route. */
export function functionOfRoute(route: string): 'api' | 'predict' {
  return route.includes('/models/') ? 'predict' : 'api';
}
