import type { DomainHooks, DriverFeature } from "@polyvisor/sdk/conf";
import { hostArch, type QemuCapabilities } from "../capabilities/index.js";
import { assignAddresses } from "./address/index.js";
import { deviceDefaults } from "./device-defaults.js";
import { type ConfFolders, completeDomain, dropMadeUpPaths } from "./domain-defaults.js";
import { QEMU_NAMESPACE } from "./namespace.js";
import { validateDefinition } from "./validate/index.js";

const FEATURES: ReadonlySet<DriverFeature> = new Set([
  "memory-hotplug",
  "offline-vcpupin",
  "individual-vcpus",
  "user-alias",
  "net-model-string",
  "disk-fd",
]);

const FOLDERS: ConfFolders = { nvram: "/var/lib/libvirt/qemu/nvram", channels: "/var/lib/libvirt/qemu/channel/target" };

/**
 * QEMU's part in completing a configuration. Without capabilities (a stored definition whose emulator is gone) devices
 * stay as they are and nothing is checked: it was complete when it was stored, and only starting it fails.
 */
export function qemuHooks(caps: QemuCapabilities | undefined, folders: ConfFolders = FOLDERS): DomainHooks {
  const common: DomainHooks = {
    features: FEATURES,
    defaultArch: hostArch(),
    defaultSecurityModel: "none",
    namespace: QEMU_NAMESPACE,
    devices: deviceDefaults(caps),
  };
  if (caps === undefined) {
    return { ...common, domain: (domain, { inactive }) => (inactive ? dropMadeUpPaths(domain, folders) : domain) };
  }
  return {
    ...common,
    basics: (domain) => ({
      ...domain,
      devices: { ...domain.devices, emulator: domain.devices.emulator ?? caps.emulator },
    }),
    domain: (domain, context) => completeDomain(domain, caps, folders, context),
    assignAddresses: (domain, { abiUpdate }) => assignAddresses(domain, caps, abiUpdate),
    // What is stored was checked when it was defined; a newer emulator must not make it vanish.
    validate: (domain, { abiUpdate }) => (abiUpdate ? validateDefinition(domain, caps) : undefined),
  };
}
