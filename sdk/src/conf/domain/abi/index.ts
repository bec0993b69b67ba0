import type { DeviceInfo, Domain, VirtioOptions } from "../model/index.js";
import { checkCpuAbi, checkSysinfoAbi } from "./cpu.js";
import { checkDeviceInfo, checkVirtioDevice } from "./device-info.js";
import * as devices from "./devices.js";
import { checkFeaturesAbi } from "./features.js";
import { type AbiOptions, checkMemoryAbi, checkNumaAbi, checkVcpusAbi, IDENTITY, OS, TIMER } from "./machine.js";
import { type AbiRule, checkLists, checkOptional, checkRules } from "./rule.js";
import * as small from "./small-devices.js";

export type { AbiOptions } from "./machine.js";

/**
 * Whether a guest of the source would go on as the target without noticing: what a migration, a restore or a snapshot asks before
 * it takes a configuration that a user sent.
 *
 * Throws `CONFIG_UNSUPPORTED` in libvirt's words for the first thing that differs, in libvirt's order.
 */
export function checkAbiStability(source: Domain, target: Domain, options: AbiOptions = {}): void {
  checkRules(IDENTITY, source, target);
  checkMemoryAbi(source, target, options);
  checkNumaAbi(source, target);
  checkVcpusAbi(source, target);
  checkRules(OS, source, target);
  checkFeaturesAbi(source, target);
  const timers = "Target domain timers do not match source";
  checkLists(timers, source.clock.timers, target.clock.timers, (a, b) => checkRules(TIMER, a, b));
  checkCpuAbi(source, target);
  const sysinfos = "Target domain count of sysinfo does not match source";
  checkLists(sysinfos, source.sysinfos, target.sysinfos, checkSysinfoAbi);
  checkDevices(source.devices, target.devices);
}

type Lists = Domain["devices"];

function checkDevices(source: Lists, target: Lists): void {
  const many = <D>(what: string, of: (lists: Lists) => readonly D[], check: (a: D, b: D) => void): void =>
    checkLists(`Target domain ${what} count %s does not match source %s`, of(source), of(target), check);
  many("disk", (d) => d.disks, virtio(devices.DISK));
  many("controller", (d) => d.controllers, virtio(devices.CONTROLLER));
  many("filesystem", (d) => d.filesystems, virtio(devices.FILESYSTEM));
  many("net card", (d) => d.interfaces, virtio(devices.INTERFACE));
  many("input device", (d) => d.inputs, virtio(devices.INPUT));
  many("sound card", (d) => d.sounds, placed(devices.SOUND));
  many("video card", (d) => d.videos, virtio(devices.VIDEO));
  many("host device", (d) => d.hostdevs, placed(devices.HOSTDEV));
  many("smartcard", (d) => d.smartcards, checkDeviceInfo);
  many("serial port", (d) => d.serials, placed(devices.SERIAL));
  many("parallel port", (d) => d.parallels, placed(devices.PARALLEL));
  many(
    "channel",
    (d) => d.channels,
    (a, b) => {
      devices.checkChannel(a, b);
      checkDeviceInfo(a, b);
    },
  );
  many("console", (d) => d.consoles, placed(devices.CONSOLE));
  many("hub device", (d) => d.hubs, placed(devices.HUB));
  checkSmallDevices(source, target);
}

function checkSmallDevices(source: Lists, target: Lists): void {
  const count = (what: string): string => `Target domain ${what} count %s does not match source %s`;
  const many = <D>(what: string, of: (lists: Lists) => readonly D[], check: (a: D, b: D) => void): void =>
    checkLists(count(what), of(source), of(target), check);
  const one = <D>(words: string, of: (lists: Lists) => D | undefined, check: (a: D, b: D) => void): void =>
    checkOptional(words, of(source), of(target), check);
  many("redirected devices", (d) => d.redirdevs, placed(small.REDIRDEV));
  one(
    count("USB redirection filter"),
    (d) => d.redirfilter,
    (a, b) => checkLists(small.REDIRFILTER_COUNT, a.devices, b.devices, (x, y) => checkRules(small.REDIRFILTER, x, y)),
  );
  one(count("watchdog"), (d) => d.watchdog, placed(small.WATCHDOG));
  one(count("memory balloon"), (d) => d.memballoon, virtio(small.MEMBALLOON));
  many("RNG device", (d) => d.rngs, virtio(small.RNG));
  many("panic device", (d) => d.panics, placed(small.PANIC));
  many("shared memory device", (d) => d.shmems, placed(small.SHMEM));
  many("TPM device", (d) => d.tpms, placed(small.TPM));
  many("memory device", (d) => d.memories, placed(small.MEMORY));
  one("Target domain IOMMU device count does not match source", (d) => d.iommu, placed(small.IOMMU));
  one("Target domain vsock device count does not match source", (d) => d.vsock, virtio(small.VSOCK));
}

/** A device's own rules, then its place. */
function placed<D extends DeviceInfo>(rules: readonly AbiRule<D>[]): (source: D, target: D) => void {
  return (source, target) => {
    checkRules(rules, source, target);
    checkDeviceInfo(source, target);
  };
}

/** The same with the options of virtio devices in between. */
function virtio<D extends DeviceInfo & { readonly driver?: VirtioOptions | undefined }>(
  rules: readonly AbiRule<D>[],
): (source: D, target: D) => void {
  return (source, target) => {
    checkRules(rules, source, target);
    checkVirtioDevice(source, target);
  };
}
