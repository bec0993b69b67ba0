import type { HostServices, HypervisorHandlers } from "@polyvisor/core";
import type { GuestHypervisor } from "@polyvisor/sdk/driver";
import type { LazyHandlers } from "@polyvisor/sdk/lazy";
import type { Container } from "./container/container.js";
import type { Networks } from "./network/networks.js";

/** What the handlers of a topic work on: the containers of this driver, what is kept of them, and who hears of it. */
export type LxcHypervisor = GuestHypervisor<Container>;

/** Handlers over the domains, whose code is loaded with the first call of one of them. */
export type Topic = (hypervisor: LxcHypervisor) => LazyHandlers<HypervisorHandlers>;

/** Topics beside the lifecycle of domains, which `GuestDriver` has. */
export const TOPICS: readonly Topic[] = [];

/**
 * Who makes the networks of containers; loaded before the first container starts or is found again. `host` leads to the host's
 * virtual networks, for cards on them.
 */
export async function loadNetworks(host: HostServices | undefined): Promise<Networks> {
  const { ContainerNetworks } = await import("./network/container-networks.js");
  return new ContainerNetworks(host);
}
