// Options from `cdk.json` or the command line, where -c gives every value as text.

import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { isObject } from '../lib/base/check.ts';
import { InputError } from '../lib/base/errors.ts';
import { quote } from '../lib/base/quote.ts';
import type { EnvironmentName, GroveOptions } from './options.ts';

const RETENTIONS = Object.values(RetentionDays).filter((days) => typeof days === 'number');

/** What a value can be, and the words for it. */
const KINDS = {
  text: ['text', (value) => typeof value === 'string'],
  flag: ['true or false', (value) => typeof value === 'boolean'],
  number: ['a number', (value) => typeof value === 'number'],
  list: ['a list, as in ["one","two"]', Array.isArray],
  mail: [
    'true, false or {"email":"ops@example.org"}',
    (value) => typeof value === 'boolean' || hasOnly(value, ['email']),
  ],
  // 9,999 means forever
  retention: [`one of ${RETENTIONS.join(', ')} days`, (value) => RETENTIONS.includes(value as RetentionDays)],
} satisfies Record<string, [words: string, holds: (value: unknown) => boolean]>;

/** Kind of each option; of an object, what may be in it. */
const OPTIONS: { [Name in keyof Required<GroveOptions>]: keyof typeof KINDS | KeysOf<GroveOptions[Name]> } = {
  removal: 'text',
  expireAfterDays: 'number',
  expireDataAfterDays: 'number',
  logRetention: 'retention',
  dataBuckets: 'list',
  accessLogs: 'flag',
  partitionsZone: 'text',
  ownKey: 'flag',
  privateNetwork: 'flag',
  tracing: 'flag',
  metrics: 'flag',
  maxMemoryMiB: 'number',
  reservedConcurrency: ['orchestrator', 'workers'],
  throttle: ['rateLimit', 'burstLimit'],
  jwt: ['issuer', 'audience'],
  corsOrigins: 'list',
  functionUrl: 'flag',
  alarms: 'mail',
  dashboard: 'flag',
  budget: ['monthlyUsd', 'email'],
  costAnomalies: ['email', 'aboveUsd'],
  schedule: ['expression', 'timeZone', 'params'],
  uploads: ['prefix', 'params'],
  notifications: 'mail',
};

type KeysOf<Option> = readonly (keyof Extract<Option, object>)[];

/**
 * @param get returns a context value; undefined when there is none
 * @throws {InputError} when a value is not JSON, or its option does not accept it
 */
export function optionsOfContext(get: (key: string) => unknown): GroveOptions & { environment?: EnvironmentName } {
  const options: Record<string, unknown> = { environment: get('env') };
  for (const [name, kind] of Object.entries(OPTIONS)) {
    const given = get(name);
    if (given === undefined) continue;
    const value = kind !== 'text' && typeof given === 'string' ? parse(name, given) : given;
    const [words, holds] =
      typeof kind === 'string'
        ? KINDS[kind]
        : [`an object of ${kind.join(', ')}`, (each: unknown) => hasOnly(each, kind as readonly string[])];
    if (!holds(value)) throw new InputError(`-c ${name} must be ${words}, got ${quote(value)}`);
    options[name] = value;
  }
  return options;
}

function hasOnly(value: unknown, keys: readonly string[]): boolean {
  return isObject(value) && Object.keys(value).every((key) => keys.includes(key));
}

function parse(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(`-c ${name} must be JSON, such as true or {"email":"ops@example.org"}, got ${text}`);
  }
}
