import { allDevices, type Domain } from "@polyvisor/sdk/conf/domain";
import type { QemuCapabilities } from "../../capabilities/index.js";
import { type HostFacts, THIS_HOST } from "../host-facts.js";
import type { Checked } from "./context.js";
import { validateDevice } from "./devices.js";
import {
  checkCacheTune,
  checkConsoles,
  checkFirmwareConfig,
  checkHugepages,
  checkIothreads,
  checkLaunchSecurity,
  checkLifecycle,
  checkNumaDetails,
  checkPanics,
  checkTpmCount,
} from "./domain-parts.js";
import { checkCpu, checkFeatures, checkPm, checkTimers } from "./features.js";
import { checkBoot, checkMachine, checkVcpus } from "./machine.js";
import { checkModules } from "./memory.js";

/** libvirt's order: of several faults the first is told. */
const DOMAIN_CHECKS: readonly ((checked: Checked) => void)[] = [
  checkMachine,
  checkLifecycle,
  checkCpu,
  checkModules,
  checkIothreads,
  checkTimers,
  checkPm,
  checkBoot,
  checkVcpus,
  checkCacheTune,
  checkFeatures,
  checkHugepages,
  checkNumaDetails,
  checkConsoles,
  checkFirmwareConfig,
  checkPanics,
  checkTpmCount,
  checkLaunchSecurity,
];

/**
 * Throws, in libvirt's words, what this emulator cannot do. Called on complete configurations: when a client defines
 * one, and again before a guest is started, for the emulator may have changed since.
 */
export function validateDefinition(domain: Domain, caps: QemuCapabilities, host: HostFacts = THIS_HOST): void {
  const checked = { domain, caps, host };
  validateWhole(checked);
  for (const device of allDevices(domain)) validateDevice(device, checked);
}

/** The part of it that is about no single device. */
export function validateWhole(checked: Checked): void {
  for (const check of DOMAIN_CHECKS) check(checked);
}
