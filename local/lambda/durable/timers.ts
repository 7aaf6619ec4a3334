// Named timers that reach further than setTimeout does.

const MAX_DELAY_MS = 2 ** 31 - 1; // setTimeout fires at once beyond it

export class Timers {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** Run `action` at a time, at once when the time is past; replaces the timer of the same name. */
  set(name: string, atMs: number, action: () => void): void {
    this.clear(name);
    const delayMs = Math.max(0, atMs - Date.now());
    const isFar = delayMs > MAX_DELAY_MS;
    const fire = () => {
      this.#timers.delete(name);
      if (isFar) this.set(name, atMs, action);
      else action();
    };
    this.#timers.set(name, setTimeout(fire, isFar ? MAX_DELAY_MS : delayMs));
  }

  clear(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  clearAll(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
