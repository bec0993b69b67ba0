import { allDevices } from "../devices.js";
import type { DomainHooks, HookContext } from "../hooks.js";
import type { Disk, Domain, DriveAddress } from "../model/index.js";
import { validateDevice } from "./devices.js";
import { rejectSharedDisks } from "./disk.js";
import { refuse, unsupported } from "./refuse.js";

/** Checks that hold on every hypervisor, after all defaults, with the driver's own in between: libvirt's order decides which of several faults is told. */
export function validateDomain(domain: Domain, hooks: DomainHooks, context: HookContext): void {
  hooks.validate?.(domain, context);
  for (const device of allDevices(domain)) {
    validateDevice(device, domain);
    hooks.validateDevice?.(device, domain, context);
  }
  const { appid } = domain.resource ?? {};
  if (appid !== undefined && (appid.length > 128 || !/^[\x20-\x7e]+$/.test(appid))) {
    refuse("XML_ERROR", "Fibre Channel 'appid' is not a printable string");
  }
  rejectSharedDisks(domain);
  rejectSharedHostdevs(domain);
  rejectSharedScsiPlaces(domain);
  validateTopology(domain);
  rejectSharedAliases(domain);
  validateIommu(domain);
  validateHugepages(domain);
  validateFirmware(domain);
  validateCputune(domain);
  validateBoot(domain);
  validateRest(domain);
  validateNuma(domain);
}

function rejectSharedHostdevs(domain: Domain): void {
  const seen = new Set<string>();
  let ramfb = false;
  for (const { source } of domain.devices.hostdevs) {
    const key = JSON.stringify(source);
    if (seen.has(key)) refuse("XML_ERROR", "Hostdev already exists in the domain configuration", "Remove one of them.");
    seen.add(key);
    if (source.type !== "mdev" || source.ramfb !== "on") continue;
    if (ramfb) unsupported("Only one vgpu device can have 'ramfb' enabled");
    ramfb = true;
  }
}

/** A disk and a SCSI device of the host, or two of these, in one place. libvirt names bus and controller the wrong way round. */
function rejectSharedScsiPlaces({ devices }: Domain): void {
  const key = ({ controller, bus, target, unit }: DriveAddress): string => `${controller}:${bus}:${target}:${unit}`;
  const places = (device: Pick<Disk, "address">): string[] =>
    device.address?.type === "drive" ? [key(device.address)] : [];
  const disks = new Set(devices.disks.filter(({ target }) => target.bus === "scsi").flatMap(places));
  const seen = new Set<string>();
  for (const { address, source } of devices.hostdevs) {
    if (source.type !== "scsi" || address?.type !== "drive") continue;
    const other = seen.has(key(address)) ? "host device" : disks.has(key(address)) ? "disk" : undefined;
    if (other !== undefined) {
      const { bus, controller, target, unit } = address;
      const place = `controller='${bus}' bus='${controller}' target='${target}' unit='${unit}'`;
      unsupported(`SCSI host address ${place} in use by another SCSI ${other}`, "Give one of them another address.");
    }
    seen.add(key(address));
  }
}

function validateTopology(domain: Domain): void {
  const topology = domain.cpu?.topology;
  if (topology === undefined) return;
  const { sockets, dies, cores, threads } = topology;
  if (sockets * dies * cores * threads > 4294967295) unsupported("cpu topology results in more than 4294967295 cpus");
}

function rejectSharedAliases(domain: Domain): void {
  const seen = new Set<string>();
  for (const device of allDevices(domain)) {
    const alias = "alias" in device ? device.alias : undefined;
    // the serial console is the serial port seen again
    if (alias === undefined || !alias.startsWith("ua-") || device.kind === "console") continue;
    if (seen.has(alias)) unsupported(`non unique alias detected: ${alias}`, "Give each device an alias of its own.");
    seen.add(alias);
  }
}

function validateIommu(domain: Domain): void {
  const driver = domain.devices.iommu?.driver;
  if (driver?.intremap === "on" && domain.features.ioapic !== "qemu") {
    unsupported("IOMMU interrupt remapping requires split I/O APIC (ioapic driver='qemu')");
  }
  if (driver?.eim === "on" && driver.intremap !== "on") {
    unsupported("IOMMU eim requires interrupt remapping to be enabled");
  }
}

function validateHugepages(domain: Domain): void {
  const pages = domain.memoryBacking?.hugepages ?? [];
  const cells = domain.cpu?.numa?.cells.length ?? 0;
  const sizes = new Map<number | "all", number>();
  for (const { size, nodeset } of pages) {
    const master = nodeset === undefined ? sizes.get("all") : undefined;
    if (master !== undefined) refuse("XML_DETAIL", `two master hugepages detected: ${size} and ${master}`);
    const shared = nodeset?.find((node) => sizes.has(node));
    if (shared !== undefined) {
      const other = sizes.get(shared);
      refuse("XML_DETAIL", `nodeset attribute of hugepages of sizes ${size} and ${other} intersect`);
    }
    for (const node of nodeset ?? ["all" as const]) sizes.set(node, size);
    const unknown = nodeset?.find((node) => node >= Math.max(1, cells) || (cells === 0 && node >= 0));
    if (unknown !== undefined) refuse("XML_DETAIL", `hugepages: node ${unknown} not found`);
  }
}

const CACHE_LEVELS = 3;

/** Caches of NUMA cells, and what is said of the ways between them. */
function validateNuma({ cpu }: Domain): void {
  const cells = cpu?.numa?.cells ?? [];
  const detail = (words: string): never => refuse("XML_ERROR", words);
  for (const { caches = [] } of cells) {
    const levels = new Set<number>();
    for (const { level } of caches) {
      if (level > CACHE_LEVELS) detail("Ain't nobody heard of that much cache level");
      if (levels.has(level)) detail(`Cache level '${level}' already defined`);
      levels.add(level);
    }
  }
  const seen = new Set<string>();
  const ways = new Set<string>();
  for (const { initiator, target, cache, kind, type } of cpu?.numa?.interconnects ?? []) {
    if (initiator >= cells.length) detail("'initiator' refers to a non-existent NUMA node");
    if (target >= cells.length) detail("'target' refers to a non-existent NUMA node");
    if (cells[initiator]?.cpus === undefined) detail("NUMA nodes without CPUs can't be initiator");
    if (cache !== undefined && !cells[target]?.caches?.some(({ level }) => level === cache)) {
      detail("'cache' refers to a non-existent NUMA node cache");
    }
    const key = `${kind} ${initiator} ${target} ${cache ?? 0} ${type}`;
    if (seen.has(key)) detail("Duplicate info for NUMA latencies");
    if (initiator !== target && ways.has(`${target} ${initiator}`)) detail("Link already defined");
    seen.add(key);
    ways.add(`${initiator} ${target}`);
  }
}

function validateFirmware(domain: Domain): void {
  const { firmware, firmwareFeatures, loader, nvram } = domain.os;
  const automatic = "when firmware autoselection is enabled";
  const detail = (words: string): never => refuse("XML_DETAIL", words);
  if (firmware !== undefined) {
    if (loader?.readonly !== undefined) detail(`loader attribute 'readonly' cannot be specified ${automatic}`);
    if (loader?.type !== undefined) detail(`loader attribute 'type' cannot be specified ${automatic}`);
    if (loader?.path !== undefined) detail(`loader path cannot be specified ${automatic}`);
    if (nvram?.template !== undefined) detail(`nvram attribute 'template' cannot be specified ${automatic}`);
    if (loader?.secure === "no") detail(`loader attribute 'secure' cannot be specified ${automatic}`);
    if (nvram?.source !== undefined && firmware !== "efi") detail(`firmware type '${firmware}' does not support nvram`);
  } else {
    if (firmwareFeatures !== undefined) {
      detail("cannot use feature-based firmware autoselection when firmware autoselection is disabled");
    }
    if ((loader !== undefined || nvram !== undefined) && loader?.path === undefined) {
      detail("no loader path specified and firmware auto selection disabled");
    }
  }
  if (loader?.stateless === "yes") {
    if (nvram?.template !== undefined) detail("NVRAM template is not permitted when loader is stateless");
    if (nvram?.source !== undefined) detail("NVRAM is not permitted when loader is stateless");
  } else if (loader?.stateless === "no") {
    if (firmware === undefined && loader.type !== "pflash") detail("Only pflash loader type permits NVRAM");
    if (firmware !== undefined && firmware !== "efi") detail("Only EFI firmware permits NVRAM");
  }
}

const SHARES = [2, 262144] as const;
const PERIOD = [1000, 1000000] as const;
// libvirt allows twice as much; here numbers are exact up to this
const QUOTA = [1000, Number.MAX_SAFE_INTEGER] as const;

function validateCputune(domain: Domain): void {
  const tune = domain.cputune;
  if (tune === undefined) return;
  const range = (name: string, value: number | undefined, [least, most]: readonly [number, number]): void => {
    if (value === undefined || value <= 0 || (value >= least && value <= most)) return;
    unsupported(`Value of cputune '${name}' must be in range [${least}, ${most}]`);
  };
  range("shares", tune.shares, SHARES);
  range("period", tune.period, PERIOD);
  range("global_period", tune.globalPeriod, PERIOD);
  range("emulator_period", tune.emulatorPeriod, PERIOD);
  range("iothread_period", tune.iothreadPeriod, PERIOD);
  range("quota", tune.quota, QUOTA);
  range("global_quota", tune.globalQuota, QUOTA);
  range("emulator_quota", tune.emulatorQuota, QUOTA);
  range("iothread_quota", tune.iothreadQuota, QUOTA);
}

function validateBoot(domain: Domain): void {
  const { bootmenu, bios } = domain.os;
  if (bootmenu?.timeout !== undefined && bootmenu.timeout > 65535) {
    unsupported("invalid value for boot menu timeout, must be in range [0,65535]");
  }
  if (bios?.rebootTimeout !== undefined && (bios.rebootTimeout < -1 || bios.rebootTimeout > 65535)) {
    unsupported("invalid value for rebootTimeout, must be in range [-1,65535]");
  }
}

function validateRest(domain: Domain): void {
  const { idmap, blkiotune } = domain;
  if (idmap !== undefined) {
    if ((idmap.uid.length === 0) !== (idmap.gid.length === 0)) unsupported("uid and gid should be mapped both");
    if ((idmap.uid[0]?.start ?? 0) !== 0 || (idmap.gid[0]?.start ?? 0) !== 0) {
      unsupported("You must map the root user of container", "Begin with start='0'.");
    }
  }
  const paths = new Set<string>();
  for (const { path } of blkiotune?.devices ?? []) {
    if (paths.has(path)) unsupported(`duplicate blkio device path '${path}'`);
    paths.add(path);
  }
  for (const { threadPoolMin = -1, threadPoolMax } of [...domain.iothreads, domain.defaultIothread ?? {}]) {
    if (threadPoolMax === 0) unsupported("thread_pool_max must be a positive integer");
    if (threadPoolMax !== undefined && threadPoolMin > threadPoolMax) {
      unsupported("thread_pool_min must be smaller or equal to thread_pool_max");
    }
  }
}
