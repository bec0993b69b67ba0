import type { Domain } from "@polyvisor/sdk/conf";
import type { QemuCapabilities } from "../../capabilities/index.js";
import { validateDevices } from "./devices.js";
import { validateDisk } from "./disk.js";
import { validateFeatures } from "./features.js";
import { validateInterface } from "./interface.js";
import { validateMachine } from "./machine.js";
import { validateMemory } from "./memory.js";

/**
 * Throws, in libvirt's words, what this emulator cannot do. Called on complete configurations: when a client defines
 * one, and again before a guest is started, for the emulator may have changed since.
 */
export function validateDefinition(domain: Domain, caps: QemuCapabilities): void {
  validateMachine(domain, caps);
  validateFeatures(domain, caps);
  validateMemory(domain);
  for (const disk of domain.devices.disks) validateDisk(disk, domain, caps);
  for (const each of domain.devices.interfaces) validateInterface(each, caps);
  validateDevices(domain, caps);
}
