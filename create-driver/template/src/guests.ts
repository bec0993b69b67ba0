import type { HostInfo } from "@polyvisor/core";
import type { Guest, GuestBackend, GuestEnd } from "@polyvisor/sdk/driver";

/** A guest that is nothing but a promise: put here what a guest of yours is. */
export class __Type__Guest implements Guest {
  readonly token = null;
  readonly ended: Promise<GuestEnd>;
  readonly #end: (how: GuestEnd) => void;

  constructor() {
    const { promise, resolve } = deferred<GuestEnd>();
    this.ended = promise;
    this.#end = resolve;
  }

  destroy(): void {
    this.#end("crash");
  }

  shutDown(): void {
    this.#end("shutdown");
  }
}

/** What this driver knows of its hypervisor; GuestDriver makes a whole driver of it. */
export class __Type__Guests implements GuestBackend<__Type__Guest> {
  readonly scheme = "__scheme__";
  readonly type = "__Type__";
  readonly version = 1_000;

  constructor(readonly info: HostInfo) {}

  start(): __Type__Guest {
    return new __Type__Guest();
  }

  shutdown(guest: __Type__Guest): void {
    guest.shutDown();
  }

  suspend(): void {}

  resume(): void {}
}

/** Promise.withResolvers, which Node 20 does not have. */
function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
