// The options of a deployment, and the environments that set several at once.

import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { InputError } from '../lib/base/errors.ts';
import type { AnomalyOptions } from './anomalies.ts';
import type { JwtOptions } from './api.ts';
import type { BudgetOptions } from './budget.ts';
import type { ReservedConcurrency } from './engine.ts';
import type { ScheduleOptions } from './schedule.ts';
import type { UploadOptions } from './uploads.ts';

/** Each is plain data, so that it can be set in `cdk.json` or with `-c`. */
export interface GroveOptions {
  /** What happens to the bucket when the stack is deleted: it is kept, or emptied and deleted. @default 'retain' */
  removal?: 'retain' | 'destroy';
  /** Days after which a run's objects expire, ≥ 1. @default 30 */
  expireAfterDays?: number;
  /** Days after which uploaded data files expire, ≥ 1. @default they do not */
  expireDataAfterDays?: number;
  /** How long all logs are kept. @default one month */
  logRetention?: RetentionDays;
  /** Names of other buckets whose objects may be data of runs and predictions. @default none */
  dataBuckets?: string[];
  /** Whether requests to the bucket are logged in a second bucket. @default false */
  accessLogs?: boolean;
  /** Zone, as in `use1-az4`, whose S3 Express One Zone holds partitions of rows; not with `ownKey`. @default none */
  partitionsZone?: string;
  /** A dedicated key for the objects, 1 USD a month. @default false: S3's keys */
  ownKey?: boolean;
  /** A network without internet access, about 15 USD a month. @default false */
  privateNetwork?: boolean;
  /** Whether X-Ray traces invocations. @default false */
  tracing?: boolean;
  /** Metrics of each stage, from the log, about 5 USD a month while runs are made. @default false */
  metrics?: boolean;
  /** Maximum memory size of a function in MiB, ≥ 1,769; new accounts allow 3,008. @default 10240 */
  maxMemoryMiB?: number;
  /** Reserved concurrency of functions. @default none */
  reservedConcurrency?: ReservedConcurrency;
  /** Requests per second to the API. @default 20, and 40 at once */
  throttle?: { rateLimit: number; burstLimit: number };
  /** Accept tokens of an issuer instead of signed requests. @default IAM */
  jwt?: JwtOptions;
  /** Origins whose scripts may call the API. @default none */
  corsOrigins?: string[];
  /** A URL of the API function itself, for signed requests: no throttle, no access log, no cost. @default false */
  functionUrl?: boolean;
  /** Alarms, and their e-mail address. @default false */
  alarms?: boolean | { email: string };
  /** @default false */
  dashboard?: boolean;
  /** A warning before the costs of a month exceed a limit. @default none */
  budget?: BudgetOptions;
  /** Mail about unusual costs. @default none */
  costAnomalies?: AnomalyOptions;
  /** A run at set times. @default none */
  schedule?: ScheduleOptions;
  /** A run on each data file that is uploaded. @default none */
  uploads?: UploadOptions;
  /** A topic that gets a message for each run that has ended. @default false */
  notifications?: boolean | { email: string };
}

export const ENVIRONMENTS = {
  /** Costs nothing while idle; its data is deleted with the stack. */
  dev: { removal: 'destroy', logRetention: RetentionDays.ONE_WEEK },
  /** Data outlives the stack, requests to it are logged, and alarms are on. */
  prod: {
    removal: 'retain',
    logRetention: RetentionDays.THREE_MONTHS,
    accessLogs: true,
    tracing: true,
    alarms: true,
    dashboard: true,
  },
} as const satisfies Record<string, GroveOptions>;

export type EnvironmentName = keyof typeof ENVIRONMENTS;

/**
 * The options of an environment, overridden by those given.
 *
 * @throws {InputError} when the environment is unknown
 */
export function resolveStackOptions(environment: string | undefined, given: GroveOptions): GroveOptions {
  if (environment === undefined) return given;
  if (!Object.hasOwn(ENVIRONMENTS, environment)) {
    throw new InputError(`environment must be ${Object.keys(ENVIRONMENTS).join(' or ')}, got ${environment}`);
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...ENVIRONMENTS[environment as EnvironmentName], ...set };
}
