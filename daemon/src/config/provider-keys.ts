import type { HostInfo, ProviderChoice, ServedContract } from "@polyvisor/core";
import type { z } from "zod/v3";
import { names, text } from "./values.js";

/** The key of each contract that plugins provide to others: it names the plugin, or several. */
export const providerKeys = {
  /** What keeps two guests from one disk. Nothing does by default. */
  lock_manager: text.optional(),
  /** Where guests' output goes: to files that the guest itself has open by default. */
  log_manager: text.optional(),
  /** What confines guests, each of them. By default what a host usually has, where the daemon is the system's. */
  security_drivers: names.optional(),
  /** Which plugin has this host's networks, storage and so on; by default the first that has any. */
  network_driver: text.optional(),
  storage_driver: text.optional(),
  nodedev_driver: text.optional(),
  interface_driver: text.optional(),
  nwfilter_driver: text.optional(),
  secret_driver: text.optional(),
} as const;

type ProviderKey = keyof typeof providerKeys;
type Chosen = z.infer<z.ZodObject<typeof providerKeys>>;

const CONTRACT_OF: Readonly<Record<ProviderKey, ServedContract>> = {
  lock_manager: "lock.v1",
  log_manager: "log.v1",
  security_drivers: "security.v1",
  network_driver: "network.v1",
  storage_driver: "storage.v1",
  nodedev_driver: "nodedev.v1",
  interface_driver: "interface.v1",
  nwfilter_driver: "nwfilter.v1",
  secret_driver: "secret.v1",
};

const KEYS = Object.keys(CONTRACT_OF) as readonly ProviderKey[];

/** What the settings say of who provides what, as a host takes it. */
export function providersIn(settings: Chosen): ProviderChoice {
  return Object.fromEntries(
    KEYS.flatMap((key) => (settings[key] === undefined ? [] : [[CONTRACT_OF[key], settings[key]]])),
  );
}

/** As libvirt does it: what the kernel has, which labels first, and owners of processes and files. A user has neither. */
const USUAL_SECURITY = ["security-selinux", "security-apparmor", "security-dac"] as const;

/** Who provides what where the settings say nothing of it and this host can use them. */
export function usualProviders(mode: HostInfo["mode"]): ProviderChoice {
  return mode === "system" ? { [CONTRACT_OF.security_drivers]: USUAL_SECURITY } : {};
}

/** The key that names the provider of a contract. */
export function keyOfContract(contract: string): string {
  return KEYS.find((key) => CONTRACT_OF[key] === contract) ?? contract;
}
