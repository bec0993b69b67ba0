import type { LoginMechanisms } from "./auth.js";
import type { HypervisorDriver } from "./driver.js";
import type { LockManager } from "./lock.js";
import type { LogManager } from "./log-manager.js";
import type { AccessPolicy } from "./policy.js";
import type { SecurityDriver } from "./security.js";

/** The contracts of this core by name; the number is the contract's major version. */
export interface ContractMap {
  "hypervisor.v1": HypervisorDriver;
  "security.v1": SecurityDriver;
  "lock.v1": LockManager;
  "log.v1": LogManager;
  "policy.v1": AccessPolicy;
  "auth.v1": LoginMechanisms;
}

export type ContractName = keyof ContractMap;

/** A class that the plugin's container makes; its constructor's parameters carry `@inject(TOKEN)`. */
export type Provider<T> = new (...services: never[]) => T;

export type PluginProviders = { readonly [C in ContractName]?: Provider<ContractMap[C]> };

/** What a plugin's entry exports by default: the class behind each contract that its manifest names. */
export function providers(classes: PluginProviders): PluginProviders {
  return classes;
}
