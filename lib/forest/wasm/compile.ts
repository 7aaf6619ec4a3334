// Compiles the kernel once.

import { KERNEL_BASE64 } from './generated.ts';

let compiled: WebAssembly.Module | undefined;

/** @returns undefined where WebAssembly, its vectors or shared memory are missing */
export function kernelModule(): WebAssembly.Module | undefined {
  if (compiled || typeof WebAssembly === 'undefined' || typeof SharedArrayBuffer === 'undefined') return compiled;
  const bytes = Buffer.from(KERNEL_BASE64, 'base64');
  if (WebAssembly.validate(bytes)) compiled = new WebAssembly.Module(bytes);
  return compiled;
}
