// Concurrency slots for invocations, assigned in the order of the requests.

export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count ≥ 1 */
  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Wait for a slot.
   *
   * @returns a function that releases it; undefined when the signal was aborted while waiting
   */
  async take(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return undefined;
    if (this.#free > 0) this.#free--;
    else if (!(await this.#wait(signal))) return undefined;
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }

  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const onFree = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(true);
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(onFree), 1);
        resolve(false);
      };
      this.#waiting.push(onFree);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
