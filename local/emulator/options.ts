// What an emulator is started with, and what it reports about itself.

import type { Chaos } from '../chaos/chaos.ts';
import type { ChaosOptions } from '../chaos/draw.ts';
import type { EmulatorEvent } from '../dashboard/event-log.ts';
import type { DuplicateOptions } from '../lambda/duplicates.ts';
import type { LocalFunction } from '../lambda/options.ts';

export interface EmulatorOptions {
  /** Folder for objects, journal and sandboxes; one emulator at a time. */
  dataDir: string;
  /** Maximum concurrent invocations of workers; the emulator lowers it to `WORKERS_PER_CORE` for each core. */
  workers: number;
  /** Folder that `npm run build` wrote. */
  distDir: string;
  /** First of the ports to try. @default any free ports */
  port?: number;
  /** Whether to resume a durable execution that an earlier emulator left unfinished. @default resume all */
  resumes?: (executionName: string) => boolean;
  /** Take functions, limits, routes and permissions from the output of `cdk synth`. @default the manifest's, without permissions */
  template?: { folder: string; stack?: string };
  /** New sandboxes that each function may get in 10 s; AWS gives 1,000. @default no limit */
  sandboxesPer10s?: number;
  /** Invocations that are delivered twice. @default none */
  duplicates?: DuplicateOptions;
  /** Faults to inject. @default none */
  chaos?: ChaosOptions;
  /** Functions in addition to those of the manifest or template, each with reserved concurrency `workers`. @default none */
  functions?: readonly LocalFunction[];
  /** First port to try for the live dashboard. @default no dashboard */
  dashboardPort?: number;
  onEvent?: (event: EmulatorEvent) => void;
  /** Called once, when the journal can no longer be written: close the emulator then. */
  onBroken?: (error: Error) => void;
}

/** Where an emulator listens, and what is in it. What `arvoredo local --json` writes. */
export interface EmulatorInfo {
  pid: number;
  /** Maximum concurrent invocations of workers. */
  workers: number;
  lambda: string;
  s3: string;
  api: string;
  cloudFormation: string;
  /** The live dashboard, or null if there is none. */
  dashboard: string | null;
  bucket: string;
  /** Names of the functions. */
  functions: string[];
  orchestratorArn: string;
  stack: string;
  /** Faults that it injects; null for none. */
  chaos: ChaosOptions | null;
}

export interface Emulator extends EmulatorInfo {
  /** Record a fault that comes from outside in the log of events; undefined unless faults are injected. */
  noteFault?: Chaos['note'];
  close(): Promise<void>;
}

export const LOCAL_REGION = 'us-east-1';
/** Any credentials will do: signatures are not checked on the loopback. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };
export const ACCOUNT_ID = '000000000000';
/** More processes than this only take each other's memory and time. */
export const WORKERS_PER_CORE = 8;
export const BUCKET = 'arvoredo';
