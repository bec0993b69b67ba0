import type { DomainHooks, DriverFeature } from "@polyvisor/sdk/conf";
import type { QemuCapabilities } from "../capabilities/index.js";
import { assignAddresses } from "./address/index.js";
import { deviceDefaults } from "./device-defaults.js";
import { type ConfFolders, completeDomain, dropMadeUpPaths } from "./domain-defaults.js";
import { type HostFacts, THIS_HOST } from "./host-facts.js";
import { QEMU_NAMESPACE } from "./namespace.js";
import { validateDevice } from "./validate/devices.js";
import { validateWhole } from "./validate/index.js";

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
export function qemuHooks(
  caps: QemuCapabilities | undefined,
  folders: ConfFolders = FOLDERS,
  host: HostFacts = THIS_HOST,
): DomainHooks {
  const common: DomainHooks = {
    features: FEATURES,
    defaultArch: host.arch,
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
    domain: (domain, context) => completeDomain(domain, caps, { folders, host, ...context }),
    assignAddresses: (domain, { abiUpdate }) => assignAddresses(domain, caps, abiUpdate, host),
    // What is stored was checked when it was defined; a newer emulator must not make it vanish.
    validate: (domain, { abiUpdate }) => (abiUpdate ? validateWhole({ domain, caps }) : undefined),
    validateDevice: (device, domain, { abiUpdate }) =>
      abiUpdate ? validateDevice(device, { domain, caps, host }) : undefined,
  };
}
