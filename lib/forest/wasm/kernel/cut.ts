// AssemblyScript: the best cut of a node so far.

/** Grows with the Gini gain; -1 before the first cut. */
export let cutScore: f64 = -1;
export let cutFeature: u32 = 0;
/** Codes up to this one go left. */
export let cutCode: u32 = 0;
/** Samples of the left child, and those of class 1; set by two-class.ts only. */
export let cutSamples: i32 = 0;
export let cutOnes: i32 = 0;
export let isPerfect: bool = false;
export let hasVaried: bool = false;

export function resetCut(): void {
  cutScore = -1;
  isPerfect = false;
  hasVaried = false;
}

/** Take a cut between the neighbouring codes a < b. */
export function takeCut(score: f64, feature: u32, a: u32, b: u32, samples: i32, ones: i32, perfect: bool): void {
  cutScore = score;
  cutFeature = feature;
  cutCode = (a + b - 1) >> 1;
  cutSamples = samples;
  cutOnes = ones;
  isPerfect = perfect;
  hasVaried = true;
}

export function markVaried(): void {
  hasVaried = true;
}
