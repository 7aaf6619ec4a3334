// Reads the output of `cdk synth`: the template of a stack, and the folders of its assets.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InputError } from '../../lib/base/errors.ts';
import type { Template } from './expressions.ts';

export interface Assembly {
  stackName: string;
  template: Template;
  /** Folder of an asset, by the object key in the template. */
  assetFolder(objectKey: string): string;
}

interface Artifact {
  type: string;
  displayName?: string;
  properties?: { templateFile?: string; stackName?: string };
}

/**
 * @param folder as `cdk synth` writes it, such as `cdk.out`
 * @param stackName required where there are several
 * @throws {InputError} when the folder was not written by `cdk synth`, or does not have the stack
 */
export function readAssembly(folder: string, stackName?: string): Assembly {
  const { artifacts = {} } = readJson<{ artifacts?: Record<string, Artifact> }>(folder, 'manifest.json');
  const stacks = Object.entries(artifacts)
    .filter(([, { type }]) => type === 'aws:cloudformation:stack')
    .map(([id, { properties }]) => ({ name: properties?.stackName ?? id, file: properties?.templateFile ?? '' }));
  const names = stacks.map(({ name }) => name).join(', ') || 'none';
  const found = stacks.filter(({ name }) => stackName === undefined || name === stackName);
  if (found.length !== 1) {
    const asked = stackName === undefined ? 'no --stack says which' : `none is ${stackName}`;
    throw new InputError(`${folder} has the stacks ${names}; ${asked}`);
  }
  const [{ name, file }] = found as [{ name: string; file: string }];
  const { files } = readJson<{ files: Record<string, { source: { path: string } }> }>(
    folder,
    file.replace(/\.template\.json$/, '.assets.json'),
  );
  return {
    stackName: name,
    template: readJson<Template>(folder, file),
    assetFolder(objectKey) {
      const asset = files[objectKey.replace(/\.zip$/, '')];
      if (!asset) throw new InputError(`${folder} has no asset ${objectKey}; run cdk synth again`);
      return resolve(folder, asset.source.path);
    },
  };
}

function readJson<T>(folder: string, file: string): T {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
  } catch (cause) {
    const message = `${join(folder, file)} cannot be read: ${(cause as Error).message}; run: npm run synth`;
    throw new InputError(message, { cause });
  }
}
