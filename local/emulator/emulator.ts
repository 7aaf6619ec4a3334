// The emulator: S3, Lambda, the HTTP API and CloudFormation on 127.0.0.1, running the bundles that are deployed.

import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { ConflictError, InputError } from '../../lib/base/errors.ts';
import { Chaos } from '../chaos/chaos.ts';
import { openEventLog, readFaults } from '../dashboard/event-log.ts';
import { ServiceList } from '../http/service-list.ts';
import { readAssembly } from '../template/assembly.ts';
import { deploy } from '../template/deployment.ts';
import { EventHub } from './event-hub.ts';
import { makeFolder } from './make-folder.ts';
import {
  ACCOUNT_ID,
  BUCKET,
  type Emulator,
  type EmulatorInfo,
  type EmulatorOptions,
  LOCAL_REGION,
  WORKERS_PER_CORE,
} from './options.ts';
import { type EmulatorSetup, startDashboardServer, startServices } from './start-services.ts';

const INFO_FILE = 'emulator.json';

/**
 * Start everything; the caller closes it.
 *
 * @throws {InputError} when an option is invalid
 * @throws {ConflictError} when another process uses the folder
 */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { distDir, template } = options;
  const scope = { region: LOCAL_REGION, accountId: ACCOUNT_ID };
  const deployed = template && deploy(readAssembly(template.folder, template.stack), scope);
  if (!deployed && !existsSync(join(distDir, 'functions'))) {
    throw new InputError(`there are no bundles in ${distDir}; run npm run build`);
  }
  const dataDir = resolve(options.dataDir);
  await claimFolder(dataDir);
  const services = new ServiceList();
  try {
    const log = services.add(openEventLog(dataDir));
    const events = new EventHub(log.write);
    if (options.onEvent) events.add(options.onEvent);
    const workers = Math.min(options.workers, WORKERS_PER_CORE * availableParallelism());
    const setup: EmulatorSetup = { options, dataDir, workers, deployed, services, events };
    const dashboard = await startDashboardServer(setup, log);
    const chaos = options.chaos && new Chaos(options.chaos, events.emit, await readFaults(dataDir));
    const { s3, lambda, api, cloudFormation, ...rest } = await startServices({ ...setup, chaos });
    const info: EmulatorInfo = {
      pid: process.pid,
      workers,
      lambda: lambda.url,
      s3: s3.url,
      api: api.url,
      cloudFormation: cloudFormation.url,
      dashboard: dashboard?.url ?? null,
      bucket: BUCKET,
      ...rest,
      chaos: options.chaos ?? null,
    };
    const infoFile = join(dataDir, INFO_FILE);
    await writeFile(infoFile, `${JSON.stringify(info, null, 2)}\n`);
    services.add({ close: () => rm(infoFile, { force: true }) });
    return { ...info, noteFault: chaos?.note.bind(chaos), close: () => services.close() };
  } catch (error) {
    await services.close();
    throw error;
  }
}

/** Make the folder. @throws {InputError} when that fails @throws {ConflictError} when an emulator uses it */
async function claimFolder(dataDir: string): Promise<void> {
  await makeFolder(dataDir).catch((error: Error) => {
    throw new InputError(`--data-dir ${dataDir} cannot be used: ${error.message}`);
  });
  const running = await findEmulator(dataDir);
  if (running)
    throw new ConflictError(
      `an emulator (process ${running.pid}) already uses ${dataDir}; stop it or choose another --data-dir`,
    );
}

/** Find the emulator that uses a folder, if one is running. */
export async function findEmulator(dataDir: string): Promise<EmulatorInfo | undefined> {
  try {
    const info: EmulatorInfo = JSON.parse(await readFile(join(dataDir, INFO_FILE), 'utf8'));
    process.kill(info.pid, 0); // throws when the process does not exist
    const response = await fetch(info.s3);
    return response.headers.has('x-amz-request-id') ? info : undefined;
  } catch {
    return undefined; // no file, a dead process, or another program on its port
  }
}
