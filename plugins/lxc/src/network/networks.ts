import type { Domain as Config } from "@polyvisor/sdk/conf/domain";

/** What a container's network is made of; plain data, kept with the container's status. */
export interface PreparedNetwork {
  /**
   * The path of the namespace that the container joins, and of the namespace of mapped users to which it belongs; `"own"` for an
   * empty one of its own, `"host"` for the host's.
   */
  readonly namespace: "host" | "own" | { readonly path: string; readonly users?: string };
  /** Whatever `release` needs to know; JSON. */
  readonly state?: unknown;
}

/** Who makes the network of containers. Each method runs in the domain's job. */
export interface Networks {
  /**
   * Called before the engine starts. Resolves with the network, and with the live configuration (names of host devices and the
   * like filled in). Where it rejects, nothing is left.
   */
  prepare(
    config: Config,
    place: { readonly folder: string },
  ): Promise<{ readonly network: PreparedNetwork; readonly config: Config }>;
  /**
   * Called after the container has ended, however it ended; also by a later daemon, and for a start that failed or was cut off
   * at any step. Called again for what is released already, it does nothing.
   */
  release(network: PreparedNetwork, config: Config): Promise<void>;
}
