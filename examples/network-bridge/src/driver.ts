import { HOST_INFO, type HostInfo, type NetworkConnection, type NetworkDriver } from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import { networkHandlers } from "./handlers.js";
import { Networks } from "./networks.js";
import { portHandlers } from "./port-handlers.js";

/**
 * Networks of this host, each a bridge in the network namespace in which this process runs: guests on one reach each other
 * and the host, at the addresses that the network has there.
 */
@injectable()
export class BridgeNetworks implements NetworkDriver {
  readonly #networks: Networks;

  constructor(@inject(HOST_INFO as symbol) info: HostInfo) {
    this.#networks = new Networks(info.paths);
  }

  /** What an earlier process of ours made is there: its bridges tell which networks are active. */
  start(): Promise<void> {
    return this.#networks.load();
  }

  open(): NetworkConnection {
    return { ...networkHandlers(this.#networks), ...portHandlers(this.#networks), close() {} };
  }
}
