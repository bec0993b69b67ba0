import {
  type Applicability,
  type CallContext,
  type HypervisorConnection,
  type HypervisorDriver,
  PLUGIN_CONFIG,
  type PluginConfig,
  type Uri,
} from "@polyvisor/core";
import { inject, injectable } from "tsyringe";
import type { HypervConfig } from "./config.js";
import { Turns } from "./turns.js";

/** Hyper-V's hosts. Nothing of them is here: each client's connection logs in at a server of its own. */
@injectable()
export class HypervDriver implements HypervisorDriver {
  readonly #config: HypervConfig;
  /** The server lets two machines have one name: of all clients one after the other looks and defines. */
  readonly #definitions = new Turns();

  constructor(@inject(PLUGIN_CONFIG) config: PluginConfig) {
    this.#config = config as unknown as HypervConfig;
  }

  probe(): Applicability {
    return { usable: true, detail: "any Hyper-V server that a URI names" };
  }

  async open(uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    const { openConnection } = await import("./open.js");
    return openConnection(uri, context, this.#config, this.#definitions);
  }
}
