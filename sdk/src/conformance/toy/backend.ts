import { type Duplex, PassThrough } from "node:stream";
import { VirtError } from "@polyvisor/core";
import type { Domain as Config } from "../../conf/domain/index.js";
import type { Guest, GuestBackend, GuestEnd } from "../../driver/index.js";

/** A guest that is nothing but the time since its start. */
export class ToyGuest implements Guest {
  readonly token: number;
  readonly ended: Promise<GuestEnd>;
  /** In nanoseconds of the process's clock. */
  readonly since = process.hrtime.bigint();
  #end: (how: GuestEnd) => void = () => {};

  constructor(token: number) {
    this.token = token;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  destroy(how: GuestEnd = "crash"): void {
    this.#end(how);
  }
}

/** Guests in memory. They run on while nobody drives them: whoever drives this again finds them. */
export class ToyBackend implements GuestBackend<ToyGuest> {
  readonly scheme = "toy";
  readonly type = "TOY";
  readonly version = 1_000_000;
  readonly #guests = new Map<number, ToyGuest>();
  #last = 0;

  start(): ToyGuest {
    this.#last += 1;
    const guest = new ToyGuest(this.#last);
    this.#guests.set(guest.token, guest);
    void guest.ended.then(() => this.#guests.delete(guest.token));
    return guest;
  }

  find(_: Config, token: unknown): ToyGuest | undefined {
    return this.#guests.get(Number(token));
  }

  shutdown(guest: ToyGuest): void {
    guest.destroy("shutdown");
  }

  suspend(): void {}

  resume(): void {}

  reset(): void {}

  console(_: ToyGuest, device: string | null): Duplex {
    if (device === null || device === "console0") return new PassThrough();
    throw new VirtError("INVALID_ARG", `no console '${device}'`, { hint: "a guest has one console, console0" });
  }

  /** The toy's one processor is always busy. */
  cpuTime({ since }: ToyGuest): bigint {
    return process.hrtime.bigint() - since;
  }
}
