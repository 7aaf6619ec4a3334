// Options from `cdk.json` or the command line, where -c gives every value as text.

import { InputError } from '../lib/errors.ts';
import type { EnvironmentName, GroveOptions } from './options.ts';

const OPTIONS = {
  removal: 'text',
  expireAfterDays: 'json',
  expireDataAfterDays: 'json',
  logRetention: 'json',
  dataBuckets: 'json',
  accessLogs: 'json',
  ownKey: 'json',
  privateNetwork: 'json',
  tracing: 'json',
  metrics: 'json',
  reservedConcurrency: 'json',
  throttle: 'json',
  jwt: 'json',
  corsOrigins: 'json',
  functionUrl: 'json',
  alarms: 'json',
  dashboard: 'json',
  budget: 'json',
  costAnomalies: 'json',
  schedule: 'json',
  uploads: 'json',
  notifications: 'json',
} as const satisfies Record<keyof GroveOptions, 'text' | 'json'>;

/**
 * @param get looks a context value up; undefined when there is none
 * @throws {InputError} when a value is not JSON
 */
export function optionsOfContext(get: (key: string) => unknown): GroveOptions & { environment?: EnvironmentName } {
  const options: Record<string, unknown> = { environment: get('env') };
  for (const [name, kind] of Object.entries(OPTIONS)) {
    const value = get(name);
    options[name] = kind === 'json' && typeof value === 'string' ? parse(name, value) : value;
  }
  return options;
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(`-c ${name} must be JSON, such as true or {"email":"ops@example.org"}, got ${text}`);
  }
}
