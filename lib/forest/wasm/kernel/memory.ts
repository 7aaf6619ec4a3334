// AssemblyScript. The words that all kernel files use, and the map of the linear memory.
//
// code            bin of a value, 0 to 254; 255 is a missing value. One byte.
// packed codes    the codes of one row for the four features of a pass, a byte each; slot 0 is the lowest byte
// packed sample   a row as a tree drew it, 32 bits: row << 5 | times drawn (1 to 15) << 1 | lowest bit of its class
// samples         rows as drawn: a row drawn twice is one packed sample and two samples
// pair            sum of values (f64) and counts (u64: rows << 32 | samples)
// cell            what the rows of a node with the same code add up to: samples by class, or a pair
// mark            one bit a code: the node has rows of this code
// key             a row's contribution to a cell: in lists to be sorted, code, class and samples in one number
// partition flag  one byte a code: 1 sends its rows to the left child
// copy level      the rows of a subtree copied side by side, so that its nodes find them close together (rows.ts)
// right child     stored for each node: its number. The left child is the next node. A leaf stores its leaf row there.
//
// All regions begin at multiples of 64 bytes, one after the other in the order of this map, which is the order in which
// `planLayout` of layout.ts reserves them. Sizes are in bytes; n rows, f features, c classes. Regression has 0 classes,
// and so have two classes with missing values or categories, which are grown as the values 0 and 1.
//
// | region         | bytes                 | content                                              | lifetime          |
// | -------------- | --------------------- | ---------------------------------------------------- | ----------------- |
// | queue          | 4                     | number of the next tree, which the threads count up  | the forest        |
// | seeds          | 32 a tree             | random states: one draws rows, one features          | the forest        |
// | codes          | n × f                 | codes, feature by feature                            | the forest        |
// | labels         | 2n; 8n for regression | class (u16) or value (f64) of each row               | the forest        |
// | numBins        | 2f                    | bins of each feature (u16)                           | the forest        |
// | isCategorical  | f, or none            | 1 where a feature is a category                      | the forest        |
//
// and for each thread:
//
// | copies         | up to 15n             | of each copy level the codes, then the labels        | a subtree         |
// | settings       | 4 each                | `SETTINGS` of settings.ts                            | the forest        |
// | packedSamples  | 4n                    | packed samples; a node has a range of them           | a tree            |
// | packedCodes    | 4n                    | packed codes, in the order of the packed samples     | a pass            |
// | packedRight    | 4n                    | packed samples on their way to the right child;      | a partition       |
// |                |                       | before the first node, times drawn, a byte a row     | the draw          |
// | copyLevels     | 24 a level            | `COPY_LEVEL_FIELDS` of settings.ts                   | the forest        |
// | features       | 4f                    | features in the order in which they were drawn       | a tree            |
// | stack          | 24 × (depth + 2)      | nodes to be grown                                    | a tree            |
// | scratch        | 65,536                | see below                                            | see below         |
// | keys           | 4n; 16n for regression| keys, or pairs, of a node's rows in their order      | a node            |
// | sortedKeys     | 4n; 0 for regression  | keys with their codes, sorted                        | a feature         |
// | totals         | 4c, at least 8        | samples of each class in the node                    | a node            |
// | leftCounts     | 4c, at least 8        | samples of each class left of a cut; then all 0      | a feature         |
// | nodeFeature    | 2 a node              | feature, or LEAF                                     | a tree            |
// | nodeCut        | 1 a node              | codes up to this one go left                         | a tree            |
// | nodeRight      | 4 a node              | right child, or leaf row                             | a tree            |
// | nodeFlags      | 1 a node, or none     | MISSING_LEFT, CATEGORICAL                            | a tree            |
// | nodeSets       | 32n, or none          | of each split by category, the codes that go left    | a tree            |
// | leafStart      | 4(n + 1)              | first entry of each leaf row (classes only)          | a tree            |
// | leafClass      | 2n                    | class of each entry (classes only)                   | a tree            |
// | leafCount      | 4n; 16n for regression| samples of each entry, or value and weight of a leaf | a tree            |
// | leafHash       | 4n                    | hash of each leaf row (classes only)                 | a tree            |
// | leafSlots      | 4 a slot              | hash table of leaf rows (classes only)               | a tree            |
//
// Scratch serves one trainer at a time:
//
// | file           | offset | bytes  | content                                              | lifetime          |
// | -------------- | ------ | ------ | ---------------------------------------------------- | ----------------- |
// | two-class.ts   | 0      | 4,096  | cells: 16 bits of samples of class 1, 16 of both     | a pass, then 0    |
// |                | 4,096  | 8,192  | wide cells: samples of both classes, then of class 1 | a pass, then 0    |
// |                | 12,288 | 128    | marks                                                | a pass, then 0    |
// |                | 12,416 | 48     | keys, sorted                                         | a feature         |
// |                | 12,464 | 128    | what a packed sample adds to a cell, by its low bits | the forest        |
// | many-class.ts  | 0      | 65,536 | cells; or the counts of a sort by code               | a pass            |
// | values.ts      | 0      | 4,096  | cells                                                | a feature, then 0 |
// |                | 4,096  | 32     | marks                                                | a feature, then 0 |
// |                | 4,128  | 2,048  | means of the categories                              | a feature         |
// |                | 6,176  | 1,024  | categories by mean                                   | a feature         |
// |                | 7,200  | 32     | categories that go left in the best split            | a node            |
// |                | 7,232  | 256    | partition flags                                      | a partition       |

export * from './generated';
