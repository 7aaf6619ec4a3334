// arvoredo export: a model as another kind of file, or its card.

import { extname } from 'node:path';
import { Command, Option } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { MODEL_FORMATS, type ModelFormat, writeModel } from '../../lib/export/formats.ts';
import { cardToMarkdown, makeCard } from '../../lib/run/card.ts';
import type { BackendFlags } from '../backend/backend.ts';
import { plural } from '../output/table.ts';
import { writeWhole } from './atomic-file.ts';
import { addBackendOptions } from './backend-options.ts';
import { findModel, LazyStore, runModel } from './model-source.ts';
import { addJsonOption, checkJson, print } from './output.ts';

interface ExportFlags extends BackendFlags {
  runId?: string;
  model?: string;
  format?: ModelFormat | 'card';
  out: string;
  json?: string;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Convert the model of a run, or a model file, to another format.')
    .option('--run-id <ID>', 'run whose model it is')
    .option('--model <FILE>', 'model file: .arvo or .onnx')
    .addOption(
      new Option(
        '--format <FORMAT>',
        'format to write (default: by the extension of FILE; .md is a card); a card is JSON if FILE ends in .json',
      ).choices([...MODEL_FORMATS, 'card']),
    )
    .requiredOption('--out <FILE>', 'file to write');
  addJsonOption(addBackendOptions(command));
  return command.action(async ({ runId, model: file, out, json, ...flags }: ExportFlags) => {
    const { format = chooseFormat(out), ...backend } = flags;
    if ((runId === undefined) === (file === undefined)) throw new InputError('give --run-id or --model, but not both');
    if (format === 'card' && runId === undefined) throw new InputError('a card describes a run: give --run-id');
    await checkJson(json);
    const lazy = new LazyStore(backend);
    try {
      const model = runId === undefined ? await findModel(file!, lazy) : await runModel(runId, lazy);
      const bytes = await writeWhole(out, async (append) => {
        if (format !== 'card') {
          for (const piece of writeModel(model, format)) await append(piece);
          return;
        }
        const card = await makeCard((await lazy.open()).store, runId!, model);
        await append(out.endsWith('.json') ? `${JSON.stringify(card, null, 2)}\n` : cardToMarkdown(card));
      });
      await print(json, { out, format, bytes }, `${out}: ${plural(bytes, 'byte')}`);
    } finally {
      await lazy.close();
    }
  });
}

/** @throws {InputError} when the name of the file does not say it */
function chooseFormat(out: string): ModelFormat | 'card' {
  const ending = extname(out).slice(1);
  if (ending === 'md') return 'card';
  const format = MODEL_FORMATS.find((one) => one === ending);
  if (format) return format;
  throw new InputError(`--out ${out}: the ending must be .${MODEL_FORMATS.join(', .')} or .md, or give --format`);
}
