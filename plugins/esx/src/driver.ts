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
import type { EsxConfig } from "./config.js";

/** VMware's hosts and vCenters. Nothing of them is here: each client's connection is a session of its own at a server. */
@injectable()
export class EsxDriver implements HypervisorDriver {
  readonly #config: EsxConfig;

  constructor(@inject(PLUGIN_CONFIG) config: PluginConfig) {
    this.#config = config as unknown as EsxConfig;
  }

  probe(): Applicability {
    return { usable: true, detail: "any vSphere server that a URI names" };
  }

  async open(uri: Uri, context: CallContext): Promise<HypervisorConnection> {
    const { openConnection } = await import("./open.js");
    return openConnection(uri, context, this.#config);
  }
}
