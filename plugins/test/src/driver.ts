import {
  type Applicability,
  type CallContext,
  type Domain,
  type HypervisorConnection,
  type HypervisorDriver,
  type HypervisorHandlers,
  LOG,
  type Log,
  type Uri,
  VirtError,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { defaultContents } from "./default-host.js";
import { handlersOf } from "./handlers.js";
import { canonicalUri, openNodeFile } from "./node-file/index.js";
import { makeNode, type TestNode } from "./test-node.js";
import { warmUp } from "./warm-up.js";

/** The node behind `test:///default`, and how many connections are open to it. */
interface Shared {
  readonly node: TestNode;
  readonly handlers: ReturnType<typeof handlersOf>;
  connections: number;
}

/**
 * Domains in memory, to try a client or a daemon without a hypervisor.
 *
 * All connections to `test:///default` share one node. As in libvirt it lives from the first open to the last close:
 * whoever comes after that finds it fresh. A connection to `test:///path/to/file.xml` has a node of its own, which is as
 * the file says.
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

  open(uri: Uri, context: CallContext): HypervisorConnection | Promise<HypervisorConnection> {
    if (uri.path === "/default") return this.#openShared();
    if (uri.path === "" || uri.path === "/") throw noPath();
    return this.#openFile(uri, context);
  }

  #openShared(): HypervisorConnection {
    this.#shared ??= this.#fresh();
    const shared = this.#shared;
    shared.connections += 1;
    let open = true;
    return connectionTo(shared.node, shared.handlers, "test:///default", () => {
      if (open) this.#release(shared);
      open = false;
    });
  }

  warmUp(): Iterable<void> {
    return warmUp();
  }

  async #openFile(uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    const node = makeNode(this.#log, await openNodeFile(uri, context));
    return connectionTo(node, handlersOf(node), canonicalUri(uri), () => node.hypervisor.dispose());
  }

  #fresh(): Shared {
    const node = makeNode(this.#log, defaultContents());
    return { node, handlers: handlersOf(node), connections: 0 };
  }

  #release(shared: Shared): void {
    shared.connections -= 1;
    if (shared.connections > 0) return;
    this.#shared = undefined;
    shared.node.hypervisor.dispose();
  }
}

function connectionTo(
  { hypervisor, host }: TestNode,
  handlers: Shared["handlers"],
  uri: string,
  close: () => void,
): HypervisorConnection {
  // The handlers are shared: a copy for each of a thousand clients would be 9 MB.
  return Object.assign(Object.create(handlers) as HypervisorHandlers, {
    uri,
    events: hypervisor.events,
    objectEvents: host.events,
    resolveDomain: (reference: Domain) => hypervisor.domains.find(reference).ref,
    close,
  });
}

function noPath(): VirtError {
  return new VirtError("INVALID_ARG", "testOpen: supply a path or use test:///default", {
    domain: "TEST",
    hint: "test:///default, or test:// and the path of a node's file",
  });
}
