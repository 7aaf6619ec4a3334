// arvoredo local: the emulator stays up for other clients.

import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import pc from 'picocolors';
import { startEmulator } from '../emulator.ts';
import { port, workers } from './parse.ts';

interface LocalFlags {
  workers: number;
  port: number;
  dataDir: string;
  json?: string;
}

/** The dashboard's place is kept free below it: 8787, as Dask's. */
const FIRST_PORT = 8788;

export function localCommand(): Command {
  return new Command('local')
    .description('Keep the emulator up: Lambda, S3, the HTTP API and CloudFormation on 127.0.0.1.')
    .option('--workers <N>', 'worker functions at work at once', workers, 4)
    .option('--port <N>', 'first of four ports; where one is taken, the next free one', port, FIRST_PORT)
    .option('--data-dir <DIR>', 'folder for objects and the journal', '.arvoredo')
    .option('--json <FILE>', 'write the endpoints there')
    .action(async ({ workers, port, dataDir, json }: LocalFlags) => {
      const emulator = await startEmulator({
        dataDir,
        workers,
        port,
        distDir: dirname(fileURLToPath(import.meta.url)),
      });
      const { close, ...info } = emulator;
      if (json) await writeFile(json, `${JSON.stringify(info, null, 2)}\n`);
      console.log(describe(info));
      const taken = new URL(info.lambda).port !== String(port) && new URL(info.s3).port !== String(port);
      if (taken) console.log(pc.yellow(`\nport ${port} is taken: the next free ones are used`));
      await new Promise<void>((resolve) => {
        process.once('SIGINT', resolve).once('SIGTERM', resolve);
      });
      await close();
      process.exitCode = 130;
    });
}

function describe({
  lambda,
  s3,
  api,
  cloudFormation,
  bucket,
  functions,
  stack,
}: Omit<Awaited<ReturnType<typeof startEmulator>>, 'close'>): string {
  return `
 ${pc.dim('S3     ')} ${s3}  bucket ${pc.bold(bucket)}
 ${pc.dim('Lambda ')} ${lambda}  ${functions.join(', ')}
 ${pc.dim('API    ')} ${api}/runs
 ${pc.dim('stack  ')} ${stack}, described by ${cloudFormation}

For the aws CLI, boto3 or any SDK (any region and credentials will do):
  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1
  export AWS_ENDPOINT_URL_S3=${s3} AWS_ENDPOINT_URL_LAMBDA=${lambda} AWS_ENDPOINT_URL_CLOUDFORMATION=${cloudFormation}
  aws s3 ls s3://${bucket}/runs/
  curl -X POST ${api}/runs -d '{"samples": 5000, "chunkSize": 1000, "trees": 5}'

Ctrl-C stops it; what is stored stays.`;
}
