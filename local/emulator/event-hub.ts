// Passes the events of all services on: first to the log, then to everyone who listens.

import type { EmulatorEvent } from '../dashboard/event-log.ts';

export type EventListener = (event: EmulatorEvent) => void;

export class EventHub {
  readonly #listeners: EventListener[] = [];

  /** @param listeners called for each event, in this order */
  constructor(...listeners: EventListener[]) {
    this.#listeners = listeners;
  }

  /** Services may emit before the last listener is added: that listener misses the event, the log does not. */
  readonly emit: EventListener = (event) => {
    for (const listener of this.#listeners) listener(event);
  };

  add(listener: EventListener): void {
    this.#listeners.push(listener);
  }
}
