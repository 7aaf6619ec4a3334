// The parts of WebAssembly that arvoredo uses. Node's types do not declare them, and the types for browsers declare much
// that Node lacks.

declare namespace WebAssembly {
  interface Memory {
    readonly buffer: SharedArrayBuffer;
    /** @returns the number of pages before */
    grow(pages: number): number;
  }
  interface Instance {
    readonly exports: unknown;
  }
  const Memory: new (limits: { initial: number; maximum: number; shared: true }) => Memory; // sizes in pages of 64 KiB
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module, imports: { env: { memory: Memory } }) => Instance;
  function validate(bytes: Uint8Array): boolean;
}
