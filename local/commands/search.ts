// arvoredo search: try values of the forest's parameters by cross-validation, then train with the best.

import { Command } from 'commander';
import { InputError } from '../../lib/base/errors.ts';
import { trainingCommand } from './run.ts';
import { addSearchOptions, givenSearch } from './search-options.ts';

export function searchCommand(): Command {
  const command = new Command('search').description(
    'Cross-validate candidates of a grid, then train and evaluate with the best. Takes the options of run.',
  );
  addSearchOptions(command);
  return trainingCommand(command, () => {
    const search = givenSearch(command);
    // a resumed search keeps its request
    if (!search && command.getOptionValue('runId') === undefined) {
      throw new InputError('search needs --grid, once for each option to search, e.g. --grid max-depth=5,10,none');
    }
    return search ? { search } : {};
  });
}
