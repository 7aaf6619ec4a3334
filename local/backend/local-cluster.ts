// A cluster of this machine: the emulator in this process, or one that is up in the same folder.

import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FUNCTION_NAMES } from '../../functions/manifest.ts';
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
import { uploadFiles, uploadsOf } from './upload.ts';

/** A function of the user's: a file that exports `handler`, as on AWS, with what it imports where Node finds it. */
export interface FunctionFile {
  /** `.mjs`, `.js` or `.cjs`; a path is relative to the working directory. */
  file: string | URL;
  /** Beyond it the function is killed, as on AWS; from 128 to 10,240. @default 1769, one vCPU */
  memoryMiB?: number;
  /** Beyond it too, up to 900,000. @default 60,000 */
  timeoutMs?: number;
}

export interface LocalClusterOptions {
  /** Most workers at once, ≥ 1; a machine runs at most 8 for each core, the rest wait. @default 4 */
  workers?: number;
  /** Folder for objects and the journal; what is stored stays. One that an emulator is up in is joined. @default '.arvoredo' */
  dataDir?: string;
  /** Functions of the user's, by name, for `client.submit` and `client.map`. @default none */
  functions?: Readonly<Record<string, string | URL | FunctionFile>>;
  /** Whether there is a page that shows it live. @default true */
  dashboard?: boolean;
}

const OPTION_NAMES = ['workers', 'dataDir', 'functions', 'dashboard'];
const MAX_WORKERS = 1000;
const DASHBOARD_PORT = 8787; // Dask's; the next free one where it is taken
const POLL_MS = 100;
const FUNCTION_DEFAULTS = { memoryMiB: 1769, timeoutMs: 60_000 };
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Folders of the clusters of this process. */
const opened = new Set<string>();

/**
 * The functions, S3 and all on this machine. It keeps the process alive until it is closed; ctrl-C closes it. However the
 * process ends, no other is left.
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
  /** Most workers at once. */
  readonly workers: number;
  /** Address of the page that shows it live; null where there is none. */
  readonly dashboard: string | null;
  readonly dataDir: string;
  readonly #stop: AbortController;
  readonly #release: (waits: boolean) => Promise<void>;
  #closed: Promise<void> | undefined;

  private constructor(
    dataDir: string,
    emulator: EmulatorInfo,
    stop: AbortController,
    release: (waits: boolean) => Promise<void>,
  ) {
    const target = localTarget(emulator);
    this.dataDir = dataDir;
    this.workers = emulator.workers;
    this.dashboard = emulator.dashboard;
    this.#stop = stop;
    this.#release = release;
    const locate = async (place: string) => {
      if (place.startsWith('s3://')) return [place];
      const uploads = await uploadsOf(await findFiles(place, place));
      await uploadFiles(target, uploads);
      return uploads.map(({ key }) => `s3://${BUCKET}/${key}`);
    };
    this.connection = { target, workers: this.workers, pollMs: POLL_MS, locate, signal: stop.signal };
    hide(this, 'connection');
    for (const signal of SIGNALS) process.once(signal, this.#onSignal);
  }

  /**
   * Start one, or join the one that is up in the folder, such as that of `arvoredo local`.
   *
   * @throws {InputError} on an option that isn't allowed, or a file of functions that isn't there
   */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    checkNames(options, OPTION_NAMES, 'LocalCluster.start');
    const { workers = 4, functions = {}, dashboard = true } = options;
    if (!Number.isInteger(workers) || workers < 1 || workers > MAX_WORKERS) {
      throw new InputError(`workers must be an integer from 1 to ${MAX_WORKERS}, got ${quote(workers)}`);
    }
    if (options.dataDir !== undefined && typeof options.dataDir !== 'string') {
      throw new InputError(`dataDir must be the path of a folder, got ${quote(options.dataDir)}`);
    }
    if (typeof dashboard !== 'boolean') {
      throw new InputError(`dashboard must be true or false, got ${quote(dashboard)}`);
    }
    const own = Object.entries(functions).map(toFunction);
    const dataDir = resolve(options.dataDir ?? '.arvoredo');
    if (opened.has(dataDir)) {
      throw new InputError(`this process has a cluster in ${dataDir}: close it first, or choose another dataDir`);
    }
    opened.add(dataDir);
    // no SDK speaks to AWS here: the notice that its next versions need a newer Node has no use
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
    try {
      return await open(dataDir, workers, own, dashboard, (...all) => new LocalCluster(dataDir, ...all));
    } catch (error) {
      opened.delete(dataDir);
      throw error;
    }
  }

  /** Stop it: what is under way ends unfinished, what is stored stays. Others that have joined it are waited for. */
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
      // ended as by the signal, unless somebody else listens to it and decides
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
}

async function open(
  dataDir: string,
  workers: number,
  functions: LocalFunction[],
  dashboard: boolean,
  make: (emulator: EmulatorInfo, stop: AbortController, release: (waits: boolean) => Promise<void>) => LocalCluster,
): Promise<LocalCluster> {
  const stop = new AbortController();
  const running = await findEmulator(dataDir);
  if (running) {
    const missing = functions.filter(({ name }) => !running.functions.includes(name));
    if (missing.length > 0) {
      throw new InputError(
        `process ${running.pid} has a cluster in ${dataDir} without the function ${missing[0].name}; choose another dataDir`,
      );
    }
    return make(running, stop, await attach(dataDir));
  }
  const emulator = await startEmulator({
    dataDir,
    workers,
    distDir: distDir(),
    functions,
    ...(dashboard && { dashboardPort: DASHBOARD_PORT }),
    // what an earlier one left unfinished goes on when it is asked for
    resumes: () => false,
    onBroken: (error) => stop.abort(error),
  });
  return make(emulator, stop, async (waits) => {
    while (waits && (await attached(dataDir)).length > 0) await sleep(200);
    await emulator.close();
  });
}

/** The folder of the bundles: that of this file, or in a checkout `dist`. */
function distDir(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return existsSync(join(here, 'functions', 'train')) ? here : join(here, '..', '..', 'dist');
}

function toFunction([name, given]: [string, string | URL | FunctionFile]): LocalFunction {
  const described = typeof given === 'string' || given instanceof URL ? { file: given } : given;
  checkNames(described, ['file', 'memoryMiB', 'timeoutMs'], `function ${name}`);
  if (typeof described.file !== 'string' && !(described.file instanceof URL)) {
    throw new InputError(`function ${name}: file must be a path or a file URL, got ${quote(described.file)}`);
  }
  if (!/^[\w-]{1,64}$/.test(name) || FUNCTION_NAMES.some((ours) => name === `arvoredo-${ours}`)) {
    throw new InputError(`a function's name has 1 to 64 letters, digits, - and _, and is not ours, got ${quote(name)}`);
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
  checkLimit(name, 'memoryMiB', memoryMiB, 128, 10_240);
  checkLimit(name, 'timeoutMs', timeoutMs, 1, 900_000);
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

function checkLimit(name: string, limit: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw new InputError(`function ${name}: ${limit} must be an integer from ${least} to ${most}, got ${quote(value)}`);
}
