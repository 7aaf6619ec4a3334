// Joins the answers to the parts of a table into one file.

/** Makes one file of those of the parts, given in their order. */
export interface Joiner {
  /** What the whole file has of a part. */
  add(file: Uint8Array): Uint8Array[];
  /** What it ends with. */
  end(): Uint8Array[];
}
