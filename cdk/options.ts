// What can be chosen of a deployment, and the choices that go together.

import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { InputError } from '../lib/base/errors.ts';
import type { AnomalyOptions } from './anomalies.ts';
import type { JwtOptions } from './api.ts';
import type { BudgetOptions } from './budget.ts';
import type { ReservedConcurrency } from './engine.ts';
import type { ScheduleOptions } from './schedule.ts';
import type { UploadOptions } from './uploads.ts';

/** Each is plain data, so that it can stand in `cdk.json` or behind `-c`. */
export interface GroveOptions {
  /** What becomes of the bucket with the stack: kept, or emptied and deleted. @default 'retain' */
  removal?: 'retain' | 'destroy';
  /** Days after which a run's objects expire, ≥ 1. @default 30 */
  expireAfterDays?: number;
  /** Days after which uploaded data files expire, ≥ 1. @default they do not */
  expireDataAfterDays?: number;
  /** How long all logs are kept. @default one month */
  logRetention?: RetentionDays;
  /** Names of other buckets whose objects may be data of runs and predictions. @default none */
  dataBuckets?: string[];
  /** Whether requests to the bucket are noted in another. @default false */
  accessLogs?: boolean;
  /** Zone, as in `use1-az4`, whose S3 Express One Zone holds partitions of rows; not with `ownKey`. @default none */
  partitionsZone?: string;
  /** A key of this stack's own, 1 USD a month, for the objects. @default false: S3's keys */
  ownKey?: boolean;
  /** A network without a way to the internet, about 15 USD a month. @default false */
  privateNetwork?: boolean;
  /** Whether X-Ray traces invocations. @default false */
  tracing?: boolean;
  /** Metrics of each stage, from the log, about 5 USD a month while runs are made. @default false */
  metrics?: boolean;
  /** Most memory of a function in MiB, from 1,769 up: 3,008 in new accounts. @default 10240 */
  maxMemoryMiB?: number;
  /** Places set aside for functions. @default none */
  reservedConcurrency?: ReservedConcurrency;
  /** Requests per second to the API. @default 20, and 40 at once */
  throttle?: { rateLimit: number; burstLimit: number };
  /** Take tokens of an issuer instead of signed requests. @default IAM */
  jwt?: JwtOptions;
  /** Origins whose scripts may call the API. @default none */
  corsOrigins?: string[];
  /** An address of the API function itself, for signed requests: no throttle, no access log, no cost. @default false */
  functionUrl?: boolean;
  /** Alarms, and their e-mail address. @default false */
  alarms?: boolean | { email: string };
  /** @default false */
  dashboard?: boolean;
  /** A warning before a month becomes too dear. @default none */
  budget?: BudgetOptions;
  /** Mail about costs that are not as usual. @default none */
  costAnomalies?: AnomalyOptions;
  /** A run at set times. @default none */
  schedule?: ScheduleOptions;
  /** A run on each data file that is uploaded. @default none */
  uploads?: UploadOptions;
  /** A topic that gets a message for each run that has ended. @default false */
  notifications?: boolean | { email: string };
}

export const ENVIRONMENTS = {
  /** Nothing that costs while it is idle, nothing that stays. */
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
 * The options of an environment with those given above them.
 *
 * @throws {InputError} when the environment is unknown
 */
export function optionsOf(environment: string | undefined, given: GroveOptions): GroveOptions {
  if (environment === undefined) return given;
  if (!Object.hasOwn(ENVIRONMENTS, environment)) {
    throw new InputError(`environment must be ${Object.keys(ENVIRONMENTS).join(' or ')}, got ${environment}`);
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...ENVIRONMENTS[environment as EnvironmentName], ...set };
}
