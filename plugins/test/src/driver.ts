import {
  type Applicability,
  type HypervisorConnection,
  type HypervisorDriver,
  LOG,
  type Log,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { handlersOf } from "./handlers.js";
import { TestHypervisor } from "./hypervisor.js";
import { TestHost } from "./test-host.js";

/** The hypervisor behind `test:///default`, and how many connections are open to it. */
interface Shared {
  readonly handlers: ReturnType<typeof handlersOf>;
  readonly hypervisor: TestHypervisor;
  readonly host: TestHost;
  connections: number;
}

/**
 * Domains in memory, to try a client or a daemon without a hypervisor.
 *
 * All connections share one hypervisor. As in libvirt it lives from the first open to the last close: whoever comes
 * after that finds it fresh.
 */
@injectable()
export class TestDriver implements HypervisorDriver {
  readonly #log: Log;
  #shared: Shared | undefined;

  constructor(@inject(LOG as symbol) log: Log) {
    this.#log = log;
  }

  probe(): Applicability {
    return { usable: true, detail: "domains in memory" };
  }

  open(uri: Uri): HypervisorConnection {
    checkPath(uri.path);
    this.#shared ??= this.#fresh();
    const shared = this.#shared;
    shared.connections += 1;
    let open = true;
    return {
      ...shared.handlers,
      uri: "test:///default",
      events: shared.hypervisor.events,
      objectEvents: shared.host.events,
      resolveDomain: (reference) => shared.hypervisor.domains.find(reference).ref,
      close: () => {
        if (open) this.#release(shared);
        open = false;
      },
    };
  }

  #fresh(): Shared {
    const hypervisor = new TestHypervisor(this.#log);
    const host = new TestHost(this.#log);
    return { hypervisor, host, handlers: handlersOf(hypervisor, host), connections: 0 };
  }

  #release(shared: Shared): void {
    shared.connections -= 1;
    if (shared.connections === 0) this.#shared = undefined;
  }
}

function checkPath(path: string): void {
  if (path === "/default") return;
  const detail =
    path === "" || path === "/"
      ? "testOpen: supply a path or use test:///default"
      : `testOpen: cannot open the node file '${path}', use test:///default`;
  throw new VirtError("INVALID_ARG", detail, {
    domain: "TEST",
    hint: "this driver has one hypervisor, test:///default",
  });
}
