// What we use of WebAssembly: Node's types leave it to the browser's, which would bring in much that Node lacks.

declare namespace WebAssembly {
  interface Memory {
    readonly buffer: SharedArrayBuffer;
  }
  interface Instance {
    readonly exports: object;
  }
  const Memory: new (limits: { initial: number; maximum: number; shared: true }) => Memory; // sizes in pages of 64 KiB
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module, imports: { env: { memory: Memory } }) => Instance;
  function validate(bytes: Uint8Array): boolean;
}
