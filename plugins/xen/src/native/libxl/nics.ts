import type { Domain, Interface } from "@polyvisor/sdk/conf";
import { refuse } from "../errors.js";
import { bridgeScript, bridgeWithVlan, guestAddresses, networkBridge } from "../vifs.js";
import type { LibxlFacts } from "./facts.js";
import type { JsonObject } from "./json.js";

/** Microseconds over which Xen counts a card's bytes. */
const RATE_INTERVAL = 50000;

export type NicType = "vif" | "vif_ioemu";

/** A paravirtual card, or one with an emulated one beside it of which the guest takes one. Throws cards that Xen cannot emulate. */
export function nicType(each: Interface, { os }: Domain): NicType {
  if (each.model === undefined) return os.type === "hvm" ? "vif_ioemu" : "vif";
  if (os.type !== "hvm" && each.model !== "netfront") {
    const words = "only model 'netfront' is supported for Xen PV(H) domains";
    refuse("CONFIG_UNSUPPORTED", words, "Leave <model> out.", "LIBXL");
  }
  return each.model === "netfront" ? "vif" : "vif_ioemu";
}

export interface NicConnection {
  readonly bridge?: string;
  readonly script?: string | undefined;
}

/** What a card is plugged into. Throws what Xen has not. */
export function nicConnection(each: Interface, facts: LibxlFacts): NicConnection {
  const { source, script } = each;
  if (script !== undefined && source.type !== "bridge" && source.type !== "ethernet") {
    const words = "specifying a script is only supported with interface types bridge and ethernet";
    refuse("CONFIG_UNSUPPORTED", words, "Remove <script>.", "LIBXL");
  }
  switch (source.type) {
    case "bridge":
      return { bridge: bridgeWithVlan(each, source.bridge), script: bridgeScript(each) };
    case "ethernet":
      return { script };
    case "network":
      return { bridge: networkBridge(source.network, facts) };
    default: {
      const words = `unsupported interface type ${source.type}`;
      return refuse("CONFIG_UNSUPPORTED", words, "Use bridge, network or ethernet.", "LIBXL");
    }
  }
}

export function nicInfo(each: Interface, at: number, domain: Domain, facts: LibxlFacts): JsonObject {
  const average = each.bandwidth?.outbound?.average || undefined;
  return {
    backend_domname: each.backenddomain,
    devid: at,
    model: each.model,
    mac: each.mac?.address,
    ip: guestAddresses(each),
    ...nicConnection(each, facts),
    ifname: each.target?.dev,
    nictype: nicType(each, domain),
    rate_bytes_per_interval: average && Math.floor((average * 1024 * RATE_INTERVAL) / 1e6),
    rate_interval_usecs: average && RATE_INTERVAL,
  };
}
