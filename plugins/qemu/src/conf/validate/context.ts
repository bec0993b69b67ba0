import type { Domain } from "@polyvisor/sdk/conf";
import type { QemuCapabilities } from "../../capabilities/index.js";
import type { HostFacts } from "../host-facts.js";

/** What every check gets: the whole domain, and what its emulator can do. */
export interface Checked {
  readonly domain: Domain;
  readonly caps: QemuCapabilities;
}

export interface CheckedOnHost extends Checked {
  readonly host: HostFacts;
}
