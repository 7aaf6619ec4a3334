// The scores that candidates can be ranked by.

/** Name of each score, and whether more is better. */
const SCORINGS = {
  accuracy: true,
  'balanced-accuracy': true,
  'f1-macro': true,
  'roc-auc': true,
  'log-loss': false,
  brier: false,
} as const satisfies Record<string, boolean>;

export type ScoringName = keyof typeof SCORINGS;
export const SCORING_NAMES = Object.keys(SCORINGS) as ScoringName[];

/** Whether more of a score is better; scikit-learn negates the others, as in `neg_log_loss`. */
export function isGreaterBetter(name: ScoringName): boolean {
  return SCORINGS[name];
}
