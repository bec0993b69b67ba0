import type { Capabilities, Domain, DomainHooks } from "@polyvisor/sdk/conf";
import { requireGuest } from "@polyvisor/sdk/conf/capabilities-lookup";
import { LXC_NAMESPACE } from "./namespace.js";

/**
 * What makes a container's configuration complete: its emulator, which is the program that sets the container up, and the kind
 * of its consoles. `defaultSecurityModel` is the model that a label without one belongs to.
 */
export function lxcHooks(capabilities: Capabilities, defaultSecurityModel?: string): DomainHooks {
  return {
    defaultArch: capabilities.host.arch,
    ...(defaultSecurityModel === undefined ? undefined : { defaultSecurityModel }),
    namespace: LXC_NAMESPACE,
    domain: (domain) => withEmulator(domain, capabilities),
    devices: {
      console: (console) => ({ ...console, target: { ...console.target, type: console.target.type ?? "lxc" } }),
    },
  };
}

/** Throws what the host cannot run, whether or not an emulator is given. */
function withEmulator(domain: Domain, capabilities: Capabilities): Domain {
  const { type, os, devices } = domain;
  const { emulator } = requireGuest(capabilities, { osType: os.type, arch: os.arch, type });
  return { ...domain, devices: { ...devices, emulator: devices.emulator ?? emulator } };
}
