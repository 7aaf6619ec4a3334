// AssemblyScript. Where things are in the linear memory, and what the tree at hand is asked to be; `layout.ts` is the
// other side of this contract.

// the rows, the same for all threads
export let codes: usize = 0;
export let labels: usize = 0;
export let numBins: usize = 0;
export let numRows: i32 = 0;
export let numFeatures: i32 = 0;
/** 0 for values. */
export let numClasses: i32 = 0;
// the parameters
export let maxFeatures: i32 = 0;
export let maxDepth: i32 = 0;
export let minRowsToSplit: i32 = 0;
export let minSamplesLeaf: i32 = 0;
/** Whether a feature has one cut at a node, drawn at random, in place of the best. */
export let isRandom: u32 = 0;
// memory of this thread
export let entries: usize = 0;
export let words: usize = 0;
export let side: usize = 0;
export let levels: usize = 0;
export let numLevels: u32 = 0;
export let features: usize = 0;
export let stack: usize = 0;
export let scratch: usize = 0;
export let keys: usize = 0;
export let sortedKeys: usize = 0;
export let totals: usize = 0;
export let leftCounts: usize = 0;
// the tree
export let nodeFeature: usize = 0;
export let nodeCut: usize = 0;
export let nodeNext: usize = 0;
export let leafStart: usize = 0;
export let leafClass: usize = 0;
export let leafCount: usize = 0;
export let leafHash: usize = 0;
export let leafSlots: usize = 0;
// where values are missing or features are categories; 0 where neither is
export let isCategorical: usize = 0;
export let nodeFlags: usize = 0;
export let nodeSets: usize = 0;

/** Read all of them from `at`, 32 bits each, in the order of `SETTINGS` in layout.ts. */
export function setUp(at: usize): void {
  codes = load<u32>(at, 0);
  labels = load<u32>(at, 4);
  numBins = load<u32>(at, 8);
  numRows = load<i32>(at, 12);
  numFeatures = load<i32>(at, 16);
  numClasses = load<i32>(at, 20);
  maxFeatures = load<i32>(at, 24);
  maxDepth = load<i32>(at, 28);
  minRowsToSplit = load<i32>(at, 32);
  minSamplesLeaf = load<i32>(at, 36);
  entries = load<u32>(at, 40);
  words = load<u32>(at, 44);
  side = load<u32>(at, 48);
  levels = load<u32>(at, 52);
  numLevels = load<u32>(at, 56);
  features = load<u32>(at, 60);
  stack = load<u32>(at, 64);
  scratch = load<u32>(at, 68);
  keys = load<u32>(at, 72);
  sortedKeys = load<u32>(at, 76);
  totals = load<u32>(at, 80);
  leftCounts = load<u32>(at, 84);
  nodeFeature = load<u32>(at, 88);
  nodeCut = load<u32>(at, 92);
  nodeNext = load<u32>(at, 96);
  leafStart = load<u32>(at, 100);
  leafClass = load<u32>(at, 104);
  leafCount = load<u32>(at, 108);
  leafHash = load<u32>(at, 112);
  leafSlots = load<u32>(at, 116);
  isCategorical = load<u32>(at, 120);
  nodeFlags = load<u32>(at, 124);
  nodeSets = load<u32>(at, 128);
  isRandom = load<u32>(at, 132);
}
