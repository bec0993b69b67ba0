import type { LoginMechanisms } from "./auth.js";
import type { HypervisorDriver } from "./driver.js";
import type { LockManager } from "./lock.js";
import type { LogManager } from "./log-manager.js";
import type { PolicyDriver } from "./policy.js";
import type { SecurityDriver } from "./security.js";
import type {
  InterfaceDriver,
  NetworkDriver,
  NodeDeviceDriver,
  NwfilterDriver,
  SecretDriver,
  StorageDriver,
} from "./sub-drivers.js";

/** What provides each contract of this core, by the contract's name; the number is its major version. */
export interface ContractMap {
  "hypervisor.v1": HypervisorDriver;
  "network.v1": NetworkDriver;
  "storage.v1": StorageDriver;
  "nodedev.v1": NodeDeviceDriver;
  "interface.v1": InterfaceDriver;
  "nwfilter.v1": NwfilterDriver;
  "secret.v1": SecretDriver;
  "security.v1": SecurityDriver;
  "lock.v1": LockManager;
  "log.v1": LogManager;
  "auth.v1": LoginMechanisms;
  "policy.v1": PolicyDriver;
}

export type ContractName = keyof ContractMap;

/** A class that the plugin's container makes; its constructor's parameters carry `@inject(TOKEN)`. */
export type Provider<T> = new (...services: never[]) => T;

export type PluginProviders = { readonly [C in ContractName]?: Provider<ContractMap[C]> };

/** What a plugin's entry exports by default: the class behind each contract that its manifest names. */
export function providers(classes: PluginProviders): PluginProviders {
  return classes;
}
