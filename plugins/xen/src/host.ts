import type { Capabilities } from "@polyvisor/sdk/conf";
import { xenCapabilities } from "./conf/index.js";
import type { XenInfo } from "./xl/info.js";

/** What a host can do, of what `xl info` tells. */
export function hostCapabilities({ machine, caps }: XenInfo): Capabilities {
  return xenCapabilities({ arch: machine, xenCaps: caps });
}
