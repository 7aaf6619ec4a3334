// arvoredo local: the emulator stays up for other clients.

import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { CancelledError, InputError } from '../../lib/base/errors.ts';
import {
  addChaosOptions,
  type ChaosFlags,
  isGiven,
  parseChaos,
  port,
  sandboxes,
  seed,
  share,
  workers,
} from '../config/parse.ts';
import { startEmulator } from '../emulator/emulator.ts';
import type { EmulatorInfo } from '../emulator/options.ts';
import { colours, errorColours } from '../output/colours.ts';
import { addJsonOption, checkJson, print } from './output.ts';
import { untilStopped } from './stop.ts';

interface LocalFlags extends ChaosFlags {
  workers: number;
  port: number;
  dataDir: string;
  json?: string;
  template?: string;
  stack?: string;
  ramp?: number;
  duplicates: number;
  duplicatesSeed: number;
}

/** The dashboard is below it, at 8787, as Dask's. */
const FIRST_PORT = 8788;

export function localCommand(): Command {
  const command = new Command('local')
    .description('Keep the emulator running: Lambda, S3, the HTTP API and CloudFormation on 127.0.0.1.')
    .option('--workers <N>', 'maximum concurrent worker functions', workers, 4)
    .option(
      '--port <N>',
      'first of four ports; the dashboard uses the port below; if one is taken, the next free one',
      port,
      FIRST_PORT,
    )
    .option('--data-dir <DIR>', 'folder for objects and the journal', '.arvoredo')
    .option('--template <DIR>', 'output folder of `cdk synth`: use its functions, limits, routes and permissions')
    .option('--stack <NAME>', 'stack of the template, if it has several')
    .option('--ramp <N>', 'maximum new sandboxes per function in 10 s; AWS allows 1,000 (no limit)', sandboxes)
    .option('--duplicates <SHARE>', 'share of the invocations by queue or orchestrator to deliver twice', share, 0)
    .option('--duplicates-seed <N>', 'seed that selects them', seed, 0);
  addChaosOptions(addJsonOption(command), 'Options:');
  return command.action(
    async ({
      workers,
      port,
      dataDir,
      json,
      template,
      stack,
      ramp,
      duplicates,
      duplicatesSeed,
      ...flags
    }: LocalFlags) => {
      if (stack !== undefined && template === undefined) throw new InputError('--stack needs --template');
      if (duplicates === 0 && isGiven(command, 'duplicatesSeed'))
        throw new InputError('--duplicates-seed requires --duplicates');
      const chaos = parseChaos(command, flags);
      await checkJson(json);
      await untilStopped(async (stop) => {
        const { close, ...info } = await startEmulator({
          dataDir,
          workers,
          port,
          dashboardPort: port - 1,
          template: template === undefined ? undefined : { folder: template, stack },
          sandboxesPer10s: ramp,
          duplicates: { share: duplicates, seed: duplicatesSeed },
          chaos,
          distDir: dirname(fileURLToPath(import.meta.url)),
          onBroken: (error) => stop.abort(error),
        });
        try {
          await print(json, info, describe(info, template !== undefined));
          for (const [i, url] of [info.s3, info.lambda, info.api, info.cloudFormation].entries()) {
            const actual = Number(new URL(url).port);
            if (actual !== port + i) console.error(errorColours.yellow(`port ${port + i} is taken: ${actual} is used`));
          }
          if (!stop.signal.aborted) await once(stop.signal, 'abort');
        } finally {
          await close();
        }
        if (!(stop.signal.reason instanceof CancelledError)) throw stop.signal.reason;
      });
    },
  );
}

function describe(
  { dashboard, lambda, s3, api, cloudFormation, bucket, functions, stack, chaos }: EmulatorInfo,
  isStack: boolean,
): string {
  const faults = chaos && `\n ${colours.dim('chaos  ')} seed ${chaos.seed}, rate ${chaos.rate}`;
  const next = isStack
    ? `arvoredo smoke --stack ${stack}` // its routes take signed requests or tokens
    : `curl -X POST ${api}/runs -d '{"samples": 5000, "trees": 5}'`;
  return `
 ${colours.dim('watch  ')} ${colours.bold(dashboard)}
 ${colours.dim('S3     ')} ${s3}  bucket ${colours.bold(bucket)}
 ${colours.dim('Lambda ')} ${lambda}  ${functions.length} functions
 ${colours.dim('API    ')} ${api}/runs
 ${colours.dim('stack  ')} ${stack}, described by ${cloudFormation}${faults ?? ''}

For the aws CLI, boto3 or any SDK (any region and credentials will do):
  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_ENDPOINT_URL_S3=${s3}
  export AWS_ENDPOINT_URL_LAMBDA=${lambda}
  export AWS_ENDPOINT_URL_CLOUDFORMATION=${cloudFormation}
  aws s3 ls s3://${bucket}/runs/
  ${next}

Ctrl-C stops it; what is stored stays.`;
}
