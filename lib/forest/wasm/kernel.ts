// The kernel's exports and its memory.

/** Exports of the kernel. Addresses are byte offsets into the memory. */
interface Kernel {
  setUp(settingsAt: number): void;
  grow(seedAt: number, bootstrap: number): number;
  getNumLeafRows(): number;
  getNumLeafEntries(): number;
  predictBlock(settingsAt: number, rowStart: number, rowEnd: number): void;
}

export const PAGE_BYTES = 65_536;
export const MAX_MEMORY_BYTES = 2 ** 32; // WebAssembly with 32-bit addresses
/** A packed sample of the kernel has 26 bits for the row, in addition to 5 for the times drawn and the class. */
export const MAX_KERNEL_ROWS = 2 ** 26 - 1;
const FIRST_ADDRESS = 64; // so that no region has address 0
const LINE_BYTES = 64; // so that no two threads write to the same cache line

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Kernel;
}

/** Assigns addresses to regions, one after the other. */
export class AddressSpace {
  #end = FIRST_ADDRESS;

  reserve(bytes: number): number {
    const at = this.#end;
    this.#end = at + Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
    return at;
  }

  /** Size of all regions so far, rounded up to whole pages. */
  get bytes(): number {
    return Math.ceil(this.#end / PAGE_BYTES) * PAGE_BYTES;
  }
}

/**
 * Allocate a memory that threads share, filled with zeros.
 *
 * @param bytes a multiple of `PAGE_BYTES`, at most `MAX_MEMORY_BYTES`
 * @param maxBytes limit to which it may grow; likewise
 * @returns undefined if the system has no room for it
 */
export function tryMemory(bytes: number, maxBytes = bytes): WebAssembly.Memory | undefined {
  const pages = { initial: bytes / PAGE_BYTES, maximum: maxBytes / PAGE_BYTES };
  return orUndefined(() => new WebAssembly.Memory({ ...pages, shared: true }));
}

/** Grow a memory by `bytes`, rounded up to pages. @returns false if the system has no room */
export function tryGrow(memory: WebAssembly.Memory, bytes: number): boolean {
  return bytes <= 0 || orUndefined(() => memory.grow(Math.ceil(bytes / PAGE_BYTES))) !== undefined;
}

function orUndefined<T>(reserve: () => T): T | undefined {
  try {
    return reserve();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
