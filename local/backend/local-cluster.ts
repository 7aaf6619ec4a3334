// A cluster on this machine: the emulator in this process, or one that another process runs in the same folder.

import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FUNCTION_NAMES } from '../../functions/manifest.ts';
import { boolean, check, integer } from '../../lib/base/check.ts';
import { CancelledError, InputError } from '../../lib/base/errors.ts';
import { quote } from '../../lib/base/quote.ts';
import { type Cluster, type Connection, hide } from '../../lib/client/cluster.ts';
import { checkNames } from '../../lib/forest/estimator-options.ts';
import { findEmulator, startEmulator } from '../emulator/emulator.ts';
import { BUCKET, type EmulatorInfo } from '../emulator/options.ts';
import type { LocalFunction } from '../lambda/options.ts';
import { attach, attached } from './emulator-users.ts';
import { findFiles } from './input-files.ts';
import { localTarget } from './local-target.ts';
import { listUploads, uploadFiles } from './upload.ts';

/** A user's function: a file that exports `handler`, as on AWS; Node must find what it imports. */
export interface FunctionFile {
  /** `.mjs`, `.js` or `.cjs`; a path is relative to the working directory. */
  file: string | URL;
  /** Memory limit, beyond which the function is killed, as on AWS; from 128 to 10,240. @default 1769, one vCPU */
  memoryMiB?: number;
  /** Time limit, beyond which the function is killed; from 1 to 900,000. @default 60,000 */
  timeoutMs?: number;
}

export interface LocalClusterOptions {
  /** Maximum concurrent workers, from 1 to 1,000; a machine runs at most 8 per core, the others wait. @default 4 */
  workers?: number;
  /** Folder for objects and the journal, kept after the end. An emulator that runs in it is joined. @default '.arvoredo' */
  dataDir?: string;
  /** The user's functions by name, for `client.submit` and `client.map`. @default none */
  functions?: Readonly<Record<string, string | URL | FunctionFile>>;
  /** Whether to serve the live dashboard. @default true */
  dashboard?: boolean;
}

const OPTION_NAMES = ['workers', 'dataDir', 'functions', 'dashboard'];
const MAX_WORKERS = 1000;
const DASHBOARD_PORT = 8787; // Dask's; the next free port when it is taken
const POLL_MS = 100;
const USERS_POLL_MS = 200; // for the processes that have joined the emulator
const FUNCTION_DEFAULTS = { memoryMiB: 1769, timeoutMs: 60_000 };
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Folders of the clusters of this process. */
const opened = new Set<string>();

/**
 * The functions and S3, emulated on this machine. A cluster keeps the process alive until it is closed; Ctrl-C closes
 * it. However the process ends, it leaves no other process behind.
 *
 * @example
 * ```ts
 * await using cluster = await LocalCluster.start({ workers: 2 });
 * console.log(cluster.dashboard); // http://127.0.0.1:8787
 * ```
 */
export class LocalCluster implements Cluster, AsyncDisposable {
  /** @internal */
  readonly connection: Connection;
  /** Maximum concurrent workers. */
  readonly workers: number;
  /** Address of the live dashboard; null when none is served. */
  readonly dashboard: string | null;
  readonly dataDir: string;
  readonly #stop: AbortController;
  readonly #release: OpenEmulator['release'];
  #closed: Promise<void> | undefined;

  private constructor(dataDir: string, { emulator, stop, release }: OpenEmulator) {
    const target = localTarget(emulator);
    this.dataDir = dataDir;
    this.workers = emulator.workers;
    this.dashboard = emulator.dashboard;
    this.#stop = stop;
    this.#release = release;
    const locate = async (location: string) => {
      if (location.startsWith('s3://')) return [location];
      const uploads = await listUploads(await findFiles(location, location));
      await uploadFiles(target, uploads);
      return uploads.map(({ key }) => `s3://${BUCKET}/${key}`);
    };
    this.connection = { target, workers: this.workers, pollMs: POLL_MS, locate, signal: stop.signal };
    hide(this, 'connection');
    for (const signal of SIGNALS) process.once(signal, this.#onSignal);
  }

  /**
   * Start a cluster, or join the one that runs in the folder, such as that of `arvoredo local`.
   *
   * @throws {InputError} when an option is not allowed, or a function's file does not exist
   */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    checkNames(options, OPTION_NAMES, 'LocalCluster.start');
    const { workers = 4, functions = {}, dashboard = true } = options;
    check('workers', workers, integer(1, MAX_WORKERS));
    if (options.dataDir !== undefined && typeof options.dataDir !== 'string') {
      throw new InputError(`dataDir must be the path of a folder, got ${quote(options.dataDir)}`);
    }
    check('dashboard', dashboard, boolean);
    const settings: ClusterSettings = {
      dataDir: resolve(options.dataDir ?? '.arvoredo'),
      workers,
      functions: Object.entries(functions).map(parseFunction),
      dashboard,
    };
    const { dataDir } = settings;
    if (opened.has(dataDir)) {
      throw new InputError(`this process has a cluster in ${dataDir}: close it first, or choose another dataDir`);
    }
    opened.add(dataDir);
    // the SDK only calls the emulator, so its notice that later versions need a newer Node is of no use
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
    try {
      return new LocalCluster(dataDir, await openEmulator(settings));
    } catch (error) {
      opened.delete(dataDir);
      throw error;
    }
  }

  /**
   * Stop the cluster once the processes that have joined it have left. Work in progress ends unfinished; stored objects
   * stay.
   */
  close(): Promise<void> {
    return this.#close(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #close(waits: boolean): Promise<void> {
    this.#closed ??= this.#end(waits);
    return this.#closed;
  }

  async #end(waits: boolean): Promise<void> {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    this.#stop.abort(new CancelledError('the cluster was closed'));
    try {
      await this.#release(waits);
    } finally {
      opened.delete(this.dataDir);
    }
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    void this.#close(false).finally(() => {
      // end as the signal would have, unless another listener decides
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
}

/** The options of a cluster, checked and with their defaults. */
interface ClusterSettings {
  dataDir: string;
  workers: number;
  functions: LocalFunction[];
  dashboard: boolean;
}

/** The emulator that a cluster uses. */
interface OpenEmulator {
  emulator: EmulatorInfo;
  /** Aborted when the emulator breaks or the cluster is closed. */
  stop: AbortController;
  /** Leave the emulator or, in its own process, stop it; `waits` says whether others that have joined it leave first. */
  release(waits: boolean): Promise<void>;
}

async function openEmulator({ dataDir, workers, functions, dashboard }: ClusterSettings): Promise<OpenEmulator> {
  const stop = new AbortController();
  const running = await findEmulator(dataDir);
  if (running) {
    const missing = functions.find(({ name }) => !running.functions.includes(name));
    if (missing) {
      throw new InputError(
        `process ${running.pid} has a cluster in ${dataDir} without the function ${missing.name}; choose another dataDir`,
      );
    }
    return { emulator: running, stop, release: await attach(dataDir) };
  }
  const emulator = await startEmulator({
    dataDir,
    workers,
    distDir: distDir(),
    functions,
    ...(dashboard && { dashboardPort: DASHBOARD_PORT }),
    // unfinished executions of an earlier emulator resume when they are requested
    resumes: () => false,
    onBroken: (error) => stop.abort(error),
  });
  const release = async (waits: boolean) => {
    while (waits && (await attached(dataDir)).length > 0) await sleep(USERS_POLL_MS);
    await emulator.close();
  };
  return { emulator, stop, release };
}

/** The folder of the bundles: this file's, or `dist` in a checkout. */
function distDir(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return existsSync(join(here, 'functions', 'train')) ? here : join(here, '..', '..', 'dist');
}

function parseFunction([name, given]: [string, string | URL | FunctionFile]): LocalFunction {
  const described = typeof given === 'string' || given instanceof URL ? { file: given } : given;
  checkNames(described, ['file', 'memoryMiB', 'timeoutMs'], `function ${name}`);
  if (typeof described.file !== 'string' && !(described.file instanceof URL)) {
    throw new InputError(`function ${name}: file must be a path or a file URL, got ${quote(described.file)}`);
  }
  if (!/^[\w-]{1,64}$/.test(name) || FUNCTION_NAMES.some((ours) => name === `arvoredo-${ours}`)) {
    throw new InputError(
      `a function's name has 1 to 64 letters, digits, - and _, and differs from arvoredo's own, got ${quote(name)}`,
    );
  }
  const { file, ...limits } = described;
  const path = file instanceof URL ? fileURLToPath(file) : resolve(file);
  const base = basename(path, extname(path));
  if (!['.mjs', '.js', '.cjs'].includes(extname(path)) || base.includes('.')) {
    throw new InputError(
      `function ${name} must be in a file such as ${name}.mjs (or .js, .cjs, with no other dot), got ${path}; bundle it first`,
    );
  }
  if (!existsSync(path)) throw new InputError(`function ${name}: file ${path} does not exist`);
  const { memoryMiB = FUNCTION_DEFAULTS.memoryMiB, timeoutMs = FUNCTION_DEFAULTS.timeoutMs } = limits;
  check(`function ${name}: memoryMiB`, memoryMiB, integer(128, 10_240));
  check(`function ${name}: timeoutMs`, timeoutMs, integer(1, 900_000));
  return {
    name,
    codeDir: dirname(path),
    handler: `${base}.handler`,
    memoryMiB,
    timeoutMs,
    environment: {},
    durable: false,
    aliases: [],
  };
}
