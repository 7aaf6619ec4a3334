// The scores that candidates can be ranked by.

/** Of each task, the default first: name of each score, and whether more is better. */
const SCORINGS = {
  classification: {
    accuracy: true,
    'balanced-accuracy': true,
    'f1-macro': true,
    'roc-auc': true,
    'log-loss': false,
    brier: false,
  },
  regression: { r2: true, rmse: false, mae: false },
} as const;

export type ScoringName = { [Task in keyof typeof SCORINGS]: keyof (typeof SCORINGS)[Task] }[keyof typeof SCORINGS];

/** Names of the scores of a task, the default first. */
export function scoringNames(task: keyof typeof SCORINGS): ScoringName[] {
  return Object.keys(SCORINGS[task]) as ScoringName[];
}

/** Whether more of a score is better; scikit-learn negates the others, as in `neg_log_loss`. */
export function isGreaterBetter(name: ScoringName): boolean {
  return ({ ...SCORINGS.classification, ...SCORINGS.regression } as Record<ScoringName, boolean>)[name];
}
