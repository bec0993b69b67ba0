import type { HypervisorHandlers } from "@polyvisor/core";
import type { GuestHypervisor } from "@polyvisor/sdk/driver";
import { lazyHandlers } from "@polyvisor/sdk/lazy";
import type { BackendParts } from "../guest/backend.js";
import type { BhyveGuest } from "../guest/guest.js";

/** Calls beside the life of domains, whose code is loaded with the first of each topic. */
export function topics(parts: BackendParts, hypervisor: GuestHypervisor<BhyveGuest>): HypervisorHandlers {
  const kinds = lazyHandlers<HypervisorHandlers>(
    ["connectGetCapabilities", "connectGetDomainCapabilities", "connectGetMaxVcpus", "connectBaselineCPU"],
    async () => (await import("./capabilities.js")).capabilityHandlers(parts),
  );
  const native = lazyHandlers<HypervisorHandlers>(
    ["connectDomainXMLFromNative", "connectDomainXMLToNative"],
    async () => (await import("./native.js")).nativeHandlers(parts, hypervisor),
  );
  const node = lazyHandlers<HypervisorHandlers>(
    ["connectGetSysinfo", "nodeGetInfo", "nodeGetFreeMemory", "nodeGetCPUMap", "nodeGetCPUStats", "nodeGetMemoryStats"],
    async () => (await import("./node.js")).nodeHandlers(parts.host.node),
  );
  return { ...kinds.handlers, ...native.handlers, ...node.handlers } as HypervisorHandlers;
}
