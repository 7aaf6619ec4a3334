// The kernel as the threads see it.

/** What the kernel exports. */
export interface Kernel {
  setUp(settingsAt: number): void;
  grow(seedAt: number, bootstrap: number): number;
  getNumLeafRows(): number;
  getNumLeafEntries(): number;
  predictBlock(settingsAt: number, rowStart: number, rowEnd: number): void;
}

/** The types of Node leave `grow` out. */
export interface GrowableMemory extends WebAssembly.Memory {
  /** @returns how many pages there were */
  grow(pages: number): number;
}

export const PAGE_BYTES = 65_536;
export const MAX_MEMORY_BYTES = 2 ** 32; // of WebAssembly with 32-bit addresses
const FIRST_ADDRESS = 64; // below is nothing, so that no address is 0
const LINE_BYTES = 64; // no two threads write to one cache line

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}

/** Deals out addresses, one part after the other. */
export class AddressSpace {
  #end = FIRST_ADDRESS;

  reserve(bytes: number): number {
    const at = this.#end;
    this.#end = at + Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
    return at;
  }

  /** All of it so far, in whole pages. */
  get bytes(): number {
    return Math.ceil(this.#end / PAGE_BYTES) * PAGE_BYTES;
  }
}

/**
 * A memory that threads share, of zeros; undefined when the system has no room for it.
 *
 * @param bytes a multiple of `PAGE_BYTES` up to `MAX_MEMORY_BYTES`
 * @param maxBytes likewise: how far it may grow
 */
export function tryMemory(bytes: number, maxBytes = bytes): GrowableMemory | undefined {
  const pages = { initial: bytes / PAGE_BYTES, maximum: maxBytes / PAGE_BYTES };
  return orUndefined(() => new WebAssembly.Memory({ ...pages, shared: true }) as GrowableMemory);
}

/** Make room for so many more bytes. @returns whether there is */
export function tryGrow(memory: GrowableMemory, bytes: number): boolean {
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
