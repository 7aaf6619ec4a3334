// What a command prints: text for a person, and JSON for programs.

import { existsSync } from 'node:fs';
import { open, unlink, writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { InputError } from '../../lib/base/errors.ts';

/** Add `--json`; see `checkJson` and `print`. */
export function addJsonOption(command: Command, helpGroup = 'Options:'): Command {
  const help = 'write the results as JSON to FILE; - for standard output only';
  return command.addOption(new Option('--json <FILE>', help).helpGroup(helpGroup));
}

/**
 * To be called before the work, so that it is not done for nothing.
 *
 * @throws {InputError} when `--json` names no file that can be written
 */
export async function checkJson(file: string | undefined): Promise<void> {
  if (file === undefined || file === '-') return;
  const isThere = existsSync(file);
  try {
    await (await open(file, 'a')).close();
    if (!isThere) await unlink(file); // a command that fails leaves none
  } catch (error) {
    throw new InputError(`--json ${file} cannot be written: ${(error as Error).message}`);
  }
}

/** Print the text, and write the value where `--json` says; with `-` standard output has the JSON alone. */
export async function print(file: string | undefined, value: unknown, text: string): Promise<void> {
  if (file !== '-') console.log(text);
  await writeJson(file, value);
}

/** Write the value where `--json` says, if anywhere. */
export async function writeJson(file: string | undefined, value: unknown): Promise<void> {
  const json = `${JSON.stringify(value, null, 2)}\n`;
  if (file === '-') process.stdout.write(json);
  else if (file !== undefined) await writeFile(file, json);
}
