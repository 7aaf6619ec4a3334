// Services that depend on each other: started one after the other, closed in the reverse order.

export interface Service {
  close(): void | Promise<void>;
}

export class ServiceList {
  readonly #services: Service[] = [];

  /** Take over a service that has started; `close` closes it. @returns the service */
  add<T extends Service>(service: T): T {
    this.#services.push(service);
    return service;
  }

  /** Close all services, the last one first. A second call does nothing. */
  async close(): Promise<void> {
    for (const service of this.#services.splice(0).reverse()) await service.close();
  }
}
