import type { DomainStatus } from "../lifecycle/index.js";

/** What is kept of a domain's definition. */
export interface KeptDefinition {
  readonly name: string;
  readonly xml: string;
  readonly autostart: boolean;
}

/** What is kept of a guest that runs. */
export interface KeptGuest {
  readonly name: string;
  readonly xml: string;
  readonly id: number;
  readonly status: DomainStatus;
  /** `Guest.token` */
  readonly token: unknown;
}

/** Where a driver keeps what must outlive it. What has resolved is kept, whatever happens then. */
export interface Keeper {
  definitions(): Promise<readonly KeptDefinition[]>;
  guests(): Promise<readonly KeptGuest[]>;
  keepDefinition(definition: KeptDefinition): Promise<void>;
  /** Another name of a definition that is there is no matter of this: it is kept and dropped by its name. */
  dropDefinition(name: string): Promise<void>;
  keepGuest(guest: KeptGuest): Promise<void>;
  dropGuest(name: string): Promise<void>;
  /** Whether nobody has asked since the host booted: guests that start by themselves do so once in each boot. */
  isFirstOfBoot(): Promise<boolean>;
}

/** Keeps everything in memory: for tests, and for backends whose guests end with the daemon. */
export class MemoryKeeper implements Keeper {
  readonly #definitions = new Map<string, KeptDefinition>();
  readonly #guests = new Map<string, KeptGuest>();
  #asked = false;

  async definitions(): Promise<readonly KeptDefinition[]> {
    return [...this.#definitions.values()];
  }

  async guests(): Promise<readonly KeptGuest[]> {
    return [...this.#guests.values()];
  }

  async keepDefinition(definition: KeptDefinition): Promise<void> {
    this.#definitions.set(definition.name, definition);
  }

  async dropDefinition(name: string): Promise<void> {
    this.#definitions.delete(name);
  }

  async keepGuest(guest: KeptGuest): Promise<void> {
    this.#guests.set(guest.name, guest);
  }

  async dropGuest(name: string): Promise<void> {
    this.#guests.delete(name);
  }

  async isFirstOfBoot(): Promise<boolean> {
    const first = !this.#asked;
    this.#asked = true;
    return first;
  }
}
