import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { parseRunParams } from '../../../lib/plan/params.ts';
import { planRun } from '../../../lib/plan/plan-run.ts';

const plan = (input: Record<string, unknown>) => planRun(parseRunParams(input));

/** Why, the parameters, the refusal. A remedy that is named is tried. */
const REFUSED: [why: string, input: Record<string, unknown>, message: RegExp][] = [
  [
    'memory to generate a chunk',
    { samples: 2.2e6, features: 200, chunkSize: 2.2e6, trees: 1, maxDepth: 3, generator: 'logistic' },
    /^chunkSize 2200000 × features 200 would take about \d+ MiB in the function generate, which has 3538 at most; lower chunkSize to \d+/,
  ],
  [
    'memory for the sample that gives the bins',
    { samples: 20_000, features: 9500, chunkSize: 100, trees: 1 },
    /^features 9500 would take about \d+ MiB in the function split, which has 1769 at most; lower features to \d+/,
  ],
  [
    'memory to split a partition',
    { samples: 1e7, chunkSize: 8e6, trees: 1, maxDepth: 3 },
    /^chunkSize 8000000 × features 20 would take about \d+ MiB in the function split, which has 1769 at most; lower chunkSize to \d+/,
  ],
  [
    'memory to gather the rows and grow',
    { samples: 1e8, chunkSize: 100_000, trees: 1, maxDepth: 3 },
    /^training rows 90000000 × features 20 .* would take about \d+ MiB in the function train, which has 10240 at most; lower samples to \d+/,
  ],
  [
    'memory to put the trees together',
    { samples: 1e6, trees: 20_000 },
    /^trees 20000 on 900000 rows would take about \d+ MiB in the function train, which has 10240 at most; lower trees to \d+/,
  ],
  [
    'memory to hold the model and predict',
    { samples: 1e6, trees: 700 },
    /trees 700 on 900000 rows would take about \d+ MiB in the function evaluate, which has 1769 at most; lower trees to \d+/,
  ],
  [
    'time to generate a chunk',
    { samples: 1e6, chunkSize: 1e6, classes: 1000, informative: 20, redundant: 0, trees: 1, maxDepth: 3 },
    /^chunkSize 1000000 × features 20 would need about \d+ minutes in one function, and the function generate has 5 minutes; lower chunkSize to \d+/,
  ],
  [
    'time to grow in one function',
    { samples: 1e6, features: 100, maxFeatures: 'all', trees: 200, strategy: 'gather' },
    /would need about \d+ minutes in one function, and the function train has 15 minutes; use the strategy trees/,
  ],
  [
    'memory of the general trainer, where the kernel would do',
    { samples: 2.5e7, chunkSize: 1e5, trees: 10, workers: 10, generator: 'logistic', criterion: 'entropy' },
    /^training rows 22500000 × features 20 .* would take about \d+ MiB in the function train, which has 10240 at most; lower samples to \d+/,
  ],
  [
    'time of logarithms that no table holds',
    { samples: 1e6, criterion: 'entropy', classWeight: 'balanced_subsample', workers: 4 },
    /would need about \d+ minutes in one function, and the function train has 15 minutes; raise workers to \d+/,
  ],
  [
    'time of the second engine',
    { engine: 'ml-random-forest' },
    /engine ml-random-forest: \d+ hours for 100 trees\) would need about .* use the engine arvoredo/,
  ],
  [
    'a deadline',
    { deadline: 1 },
    /^deadline must leave time for about \d+ s of work with 4 workers, got 1 s; raise it to \d+, or raise workers$/,
  ],
  [
    'chunks',
    { samples: 1e6, chunkSize: 10 },
    /^chunkSize 10 makes 100000 chunks, at most 50000 are allowed.*read them all; raise chunkSize to 20 or more/,
  ],
];

suite('a run that cannot be finished is refused, with the number and what fits', () => {
  for (const [why, input, message] of REFUSED) {
    test(why, () => {
      let refusal = '';
      assert.throws(
        () => plan(input),
        (error) => {
          refusal = (error as Error).message;
          return error instanceof InputError && message.test(refusal);
        },
      );
      const [, deadline] = /^deadline .* raise it to (\d+)/.exec(refusal) ?? [];
      if (deadline) return void plan({ ...input, deadline: Number(deadline) });
      const [, lever, value] = /(?:lower|raise) (\w+) to (\d+)/.exec(refusal) ?? [];
      if (lever) plan({ ...input, [lever]: Number(value) });
      const [, name, choice] = /use the (strategy|engine) (\w+)/.exec(refusal) ?? [];
      if (name) plan({ ...input, [name]: choice });
      assert.ok(lever || name, refusal);
    });
  }

  test('what no single change mends is said to need several', () => {
    assert.throws(() => plan({ samples: 1e8, chunkSize: 1e8 }), /lower chunkSize to \d+; other tasks would not fit/);
  });

  test('parameters that are too long to be remembered', () => {
    const shift = Array.from({ length: 20_000 }, (_, i) => i / 7);
    assert.throws(
      () => plan({ features: 20_000, shift }),
      (error) => error instanceof InputError && /the parameters take \d+ bytes .* at most 200000/.test(error.message),
    );
  });
});

test('the memory of the general trainer is counted by its nodes, and of the out-of-bag sums by classes', () => {
  const input = { samples: 5e6, chunkSize: 1e5, trees: 10, workers: 10, generator: 'logistic' };
  plan(input);
  plan({ ...input, extraTrees: true, maxLeafNodes: 1000 });
  const classes = { samples: 1e6, chunkSize: 1e5, trees: 4, maxDepth: 3, classes: 500, informative: 10 };
  plan(classes);
  assert.throws(() => plan({ ...classes, oobScore: true }), /MiB in the function train/);
});

test('many workers and trees make no more tasks than one execution can have', () => {
  assert.equal(
    plan({ samples: 1000, trees: 100_000, maxDepth: 2, workers: 300, strategy: 'trees' }).treeGroups.length,
    1000,
  );
});
