// Simulated time: actions in the order of their times, and of their requests where these are equal.

/** A binary heap in parallel arrays: millions of actions pass through it. */
export class Clock {
  nowMs = 0;
  readonly #times: number[] = [];
  readonly #turns: number[] = [];
  readonly #actions: (() => void)[] = [];
  #numAsked = 0;
  #hasPromises = false;

  /** @param ms when, not before now */
  at(ms: number, action: () => void): void {
    const times = this.#times;
    let i = times.length;
    times.push(ms);
    this.#turns.push(this.#numAsked++);
    this.#actions.push(action);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  after(ms: number, action: () => void): void {
    this.at(this.nowMs + ms, action);
  }

  /** The current action may settle promises: code that awaits them continues before the next action. */
  settlePromises(): void {
    this.#hasPromises = true;
  }

  /** Until nothing is left to do, or `isOver`. */
  async run(isOver: () => boolean): Promise<void> {
    await settled();
    while (this.#times.length > 0 && !isOver()) {
      this.nowMs = this.#times[0];
      this.#takeFirst()();
      if (!this.#hasPromises) continue;
      this.#hasPromises = false;
      await settled();
    }
  }

  #takeFirst(): () => void {
    const first = this.#actions[0];
    const last = this.#times.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#turns.pop();
    this.#actions.pop();
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      let least = left < last && this.#isBefore(left, i) ? left : i;
      if (left + 1 < last && this.#isBefore(left + 1, least)) least = left + 1;
      if (least === i) return first;
      this.#swap(i, least);
      i = least;
    }
  }

  #isBefore(i: number, k: number): boolean {
    const times = this.#times;
    return times[i] < times[k] || (times[i] === times[k] && this.#turns[i] < this.#turns[k]);
  }

  #swap(i: number, k: number): void {
    const times = this.#times;
    const turns = this.#turns;
    const actions = this.#actions;
    const time = times[i];
    const turn = turns[i];
    const action = actions[i];
    times[i] = times[k];
    turns[i] = turns[k];
    actions[i] = actions[k];
    times[k] = time;
    turns[k] = turn;
    actions[k] = action;
  }
}

/** A tick comes when every promise that could settle has, and code that awaited it has continued. */
const settled = () => new Promise<void>((resolve) => process.nextTick(resolve));
