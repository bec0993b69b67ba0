import type { ContractClient, HostServices, NamedClient } from "@polyvisor/core";
import type { NetworkClient, Networks } from "@polyvisor/sdk/network-ports";

export type LockClient = ContractClient<"lock.v1">;
export type LogClient = ContractClient<"log.v1">;
export type SecurityClient = ContractClient<"security.v1">;

/**
 * What the host does for the driver's guests, each `undefined` where the operator has chosen nobody for it. They are asked
 * for anew each time: whoever provides one may have been restarted meanwhile.
 */
export class Services implements Networks {
  readonly #host: HostServices | undefined;

  constructor(host: HostServices | undefined) {
    this.#host = host;
  }

  async lock(): Promise<LockClient | undefined> {
    return this.#host?.connect("lock.v1");
  }

  async log(): Promise<LogClient | undefined> {
    return this.#host?.connect("log.v1");
  }

  /** All that the operator has chosen, in that order: a guest has a label of each. */
  async security(): Promise<readonly NamedClient<"security.v1">[]> {
    return (await this.#host?.connectAll("security.v1")) ?? [];
  }

  /** Does something with the host's networks; `undefined` where it has none. */
  async withNetworks<T>(work: (networks: NetworkClient) => Promise<T>): Promise<T | undefined> {
    const networks = await this.#host?.connect("network.v1");
    if (networks === undefined) return undefined;
    try {
      return await work(networks);
    } finally {
      await networks.close();
    }
  }
}
