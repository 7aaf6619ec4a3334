// The routes of the HTTP API, as the stack deploys them and the emulator serves them.

export const ROUTES = ['POST /runs', 'GET /runs', 'GET /runs/{id}', 'DELETE /runs/{id}'] as const;
