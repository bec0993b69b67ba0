import type { HostServices, HypervisorHandlers } from "@polyvisor/core";
import type { GuestHypervisor } from "@polyvisor/sdk/driver";
import { type LazyHandlers, lazyHandlers } from "@polyvisor/sdk/lazy";
import type { Container } from "./container/container.js";
import type { ContainerNetworks } from "./network/container-networks.js";

/** What the handlers of a topic work on: the containers of this driver, what is kept of them, and who hears of it. */
export type LxcHypervisor = GuestHypervisor<Container>;

/** Loads whoever makes the networks of containers with the first call: before the first container starts, or is found again. */
export type LoadNetworks = () => Promise<ContainerNetworks>;

/** Handlers over the domains, whose code is loaded with the first call of one of them. */
export type Topic = (hypervisor: LxcHypervisor, loadNetworks: LoadNetworks) => LazyHandlers<HypervisorHandlers>;

/** `host` leads to the host's virtual networks, for cards on them. Called once for a driver. */
export function networksOf(host: HostServices | undefined): LoadNetworks {
  let networks: Promise<ContainerNetworks> | undefined;
  const load = async () => new (await import("./network/container-networks.js")).ContainerNetworks(host);
  return () => {
    networks ??= load();
    return networks;
  };
}

/** Topics beside the lifecycle of domains, which `GuestDriver` has. */
export const TOPICS: readonly Topic[] = [
  (hypervisor) =>
    lazyHandlers(
      [
        "domainGetSchedulerType",
        "domainGetSchedulerParameters",
        "domainGetSchedulerParametersFlags",
        "domainSetSchedulerParameters",
        "domainSetSchedulerParametersFlags",
        "domainGetMemoryParameters",
        "domainSetMemoryParameters",
        "domainGetBlkioParameters",
        "domainSetBlkioParameters",
        "domainGetCPUStats",
      ],
      async () => (await import("./tuning/handlers.js")).tuningHandlers(hypervisor),
    ),
  (hypervisor) =>
    lazyHandlers(["domainGetMaxMemory", "domainSetMaxMemory", "domainSetMemory", "domainSetMemoryFlags"], async () =>
      (await import("./tuning/memory.js")).memoryHandlers(hypervisor),
    ),
  (hypervisor) =>
    lazyHandlers(
      ["domainGetInfo", "domainMemoryStats", "domainBlockStats", "domainBlockStatsFlags", "domainInterfaceStats"],
      async () => (await import("./stats/handlers.js")).statsHandlers(hypervisor),
    ),
  (hypervisor, loadNetworks) =>
    lazyHandlers(["domainInterfaceAddresses", "domainGetHostname"], async () =>
      (await import("./stats/addresses.js")).addressHandlers(hypervisor, loadNetworks),
    ),
  (hypervisor) =>
    lazyHandlers(["connectDomainXMLFromNative"], async () =>
      (await import("./native/handlers.js")).nativeHandlers(hypervisor),
    ),
  (hypervisor, loadNetworks) =>
    lazyHandlers(
      [
        "domainAttachDevice",
        "domainAttachDeviceFlags",
        "domainDetachDevice",
        "domainDetachDeviceFlags",
        "domainUpdateDeviceFlags",
      ],
      async () => (await import("./hotplug/handlers.js")).deviceHandlers(hypervisor, loadNetworks),
    ),
];
