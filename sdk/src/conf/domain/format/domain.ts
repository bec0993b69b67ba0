import { attr, childElements, serializeXml, textOf, type XmlElement, XmlWriter } from "../../../xml/index.js";
import { writeSysinfo } from "../../sysinfo/format.js";
import type { Console, Cpu, Domain, LaunchSecurity, Seclabel } from "../model/index.js";
import { formatChannel, formatConsole, formatParallel, formatSerial } from "./chardev.js";
import type { FormatContext } from "./context.js";
import { formatController } from "./controller.js";
import { formatCpu } from "./cpu.js";
import { formatDisk } from "./disk.js";
import { formatAudio, formatInput, formatSound, formatVideo } from "./display.js";
import { formatFeatures } from "./features.js";
import { formatFilesystem } from "./filesystem.js";
import { formatGraphics } from "./graphics.js";
import { formatHostdev } from "./hostdev.js";
import { formatInterface } from "./interface.js";
import { formatClock, formatOs } from "./os.js";
import {
  formatHub,
  formatIommu,
  formatLease,
  formatMemballoon,
  formatMemoryDevice,
  formatNvram,
  formatPanic,
  formatRedirdev,
  formatRedirFilter,
  formatRng,
  formatShmem,
  formatSmartcard,
  formatTpm,
  formatVsock,
  formatWatchdog,
} from "./small-devices.js";
import {
  formatBlkiotune,
  formatCputune,
  formatIothreads,
  formatMemoryBacking,
  formatMemtune,
  formatNumatune,
  formatVcpus,
} from "./tuning.js";

export interface FormatOptions {
  /** As the persistent configuration is shown; so is any domain without id. */
  readonly inactive?: boolean;
  /** With passwords and cookies. */
  readonly secure?: boolean;
  /** Fit for another, maybe older, host. */
  readonly migratable?: boolean;
  /** With what only our own status files hold. */
  readonly status?: boolean;
  /** What a guest's CPU is on the host that it is to run on; a CPU that names no model is printed as it is written. */
  readonly updateCpu?: ((cpu: Cpu) => Cpu) | undefined;
  /** How deep the document is indented. */
  readonly level?: number;
  /** `domain` when left out. */
  readonly rootName?: "domain" | "inactiveDomain";
}

/** The domain's XML, to the byte as libvirt prints it. */
export function formatDomain(domain: Domain, options: FormatOptions = {}): string {
  const context: FormatContext = {
    inactive: options.inactive === true || domain.id === undefined,
    secure: options.secure === true,
    migratable: options.migratable === true,
    status: options.status === true,
  };
  const w = new XmlWriter(options.level ?? 0);
  const id = context.inactive ? "" : attr("id", domain.id);
  const namespace =
    domain.namespace === undefined ? "" : attr(`xmlns:${domain.namespace.prefix}`, domain.namespace.uri);
  w.block(options.rootName ?? "domain", attr("type", domain.type) + id + namespace, () =>
    formatBody(w, withUpdatedCpu(domain, options.updateCpu), context),
  );
  return w.toString();
}

function withUpdatedCpu(domain: Domain, update: FormatOptions["updateCpu"]): Domain {
  const { cpu } = domain;
  if (update === undefined || cpu === undefined || (cpu.mode === "custom" && cpu.model === undefined)) return domain;
  return { ...domain, cpu: update(cpu) };
}

const KIB = attr("unit", "KiB");

function formatBody(w: XmlWriter, domain: Domain, context: FormatContext): void {
  formatIdentity(w, domain);
  formatBlkiotune(w, domain.blkiotune);
  formatMemtune(w, domain.memtune);
  formatMemoryBacking(w, domain.memoryBacking);
  formatVcpus(w, domain.vcpu);
  formatIothreads(w, domain);
  formatCputune(w, domain.cputune, context);
  formatNumatune(w, domain.numatune);
  const { resource } = domain;
  if (resource !== undefined) {
    w.element("resource", "", () => {
      w.leaf("partition", resource.partition);
      if (resource.appid !== undefined) w.empty("fibrechannel", attr("appid", resource.appid));
    });
  }
  for (const sysinfo of domain.sysinfos) writeSysinfo(w, sysinfo);
  w.leaf("bootloader", domain.bootloader);
  if (domain.bootloader !== undefined) w.leaf("bootloader_args", domain.bootloaderArgs);
  formatOs(w, domain, context);
  formatIdmap(w, domain.idmap);
  formatFeatures(w, domain.features);
  if (domain.cpu !== undefined) formatCpu(w, domain.cpu);
  formatClock(w, domain.clock, context);
  formatActions(w, domain);
  formatPerf(w, domain.perf);
  w.block("devices", "", () => formatDevices(w, domain, context));
  for (const label of domain.seclabels) formatSeclabel(w, label);
  const { keywrap } = domain;
  if (keywrap !== undefined) {
    w.block("keywrap", "", () => {
      if (keywrap.aes !== undefined) w.empty("cipher", attr("name", "aes") + attr("state", keywrap.aes));
      if (keywrap.dea !== undefined) w.empty("cipher", attr("name", "dea") + attr("state", keywrap.dea));
    });
  }
  formatLaunchSecurity(w, domain.launchSecurity);
  for (const element of domain.namespace?.elements ?? []) formatElement(w, element);
}

function formatIdentity(w: XmlWriter, domain: Domain): void {
  w.leaf("name", domain.name);
  w.leaf("uuid", domain.uuid);
  if (domain.genid !== undefined) w.leaf("genid", domain.genid.uuid ?? "");
  w.leaf("title", domain.title);
  w.leaf("description", domain.description);
  for (const metadata of domain.metadata ?? []) w.line(serializeXml(metadata, w.level));
  const { maxMemory } = domain;
  if (maxMemory !== undefined) w.leaf("maxMemory", maxMemory.size, attr("slots", maxMemory.slots) + KIB);
  w.leaf("memory", domain.memory, attr("dumpCore", domain.dumpCore) + KIB);
  w.leaf("currentMemory", domain.currentMemory, KIB);
}

function formatIdmap(w: XmlWriter, idmap: Domain["idmap"]): void {
  if (idmap === undefined || idmap.uid.length === 0) return;
  w.block("idmap", "", () => {
    for (const name of ["uid", "gid"] as const) {
      for (const { start, target, count } of idmap[name]) {
        w.empty(name, attr("start", start) + attr("target", target) + attr("count", count));
      }
    }
  });
}

function formatActions(w: XmlWriter, domain: Domain): void {
  w.leaf("on_poweroff", domain.onPoweroff);
  w.leaf("on_reboot", domain.onReboot);
  w.leaf("on_crash", domain.onCrash);
  w.leaf("on_lockfailure", domain.onLockfailure);
  const { pm } = domain;
  if (pm === undefined) return;
  w.block("pm", "", () => {
    if (pm.suspendToMem !== undefined) w.empty("suspend-to-mem", attr("enabled", pm.suspendToMem));
    if (pm.suspendToDisk !== undefined) w.empty("suspend-to-disk", attr("enabled", pm.suspendToDisk));
  });
}

function formatPerf(w: XmlWriter, perf: Domain["perf"]): void {
  if (perf === undefined) return;
  w.block("perf", "", () => {
    for (const { name, enabled } of perf) w.empty("event", attr("name", name) + attr("enabled", enabled));
  });
}

function formatDevices(w: XmlWriter, domain: Domain, context: FormatContext): void {
  const d = domain.devices;
  w.leaf("emulator", d.emulator);
  for (const each of d.disks) formatDisk(w, each, context);
  for (const each of d.controllers) formatController(w, each, context);
  for (const each of d.leases) formatLease(w, each);
  for (const each of d.filesystems) formatFilesystem(w, each);
  for (const each of d.interfaces) formatInterface(w, each, context);
  for (const each of d.smartcards) formatSmartcard(w, each, context);
  for (const each of d.serials) formatSerial(w, each, context);
  for (const each of d.parallels) formatParallel(w, each, context);
  d.consoles.forEach((each, at) => {
    formatConsole(w, shownConsole(domain, each, at), context);
  });
  for (const each of d.channels) formatChannel(w, each, context);
  for (const each of d.inputs) formatInput(w, each, context);
  for (const each of d.tpms) formatTpm(w, each);
  for (const each of d.graphics) formatGraphics(w, each, context);
  for (const each of d.sounds) formatSound(w, each);
  for (const each of d.audios) formatAudio(w, each);
  for (const each of d.videos) formatVideo(w, each);
  for (const each of d.hostdevs) formatHostdev(w, each, context);
  for (const each of d.redirdevs) formatRedirdev(w, each, context);
  if (d.redirfilter !== undefined) formatRedirFilter(w, d.redirfilter);
  for (const each of d.hubs) formatHub(w, each);
  if (d.watchdog !== undefined) formatWatchdog(w, d.watchdog);
  if (d.memballoon !== undefined) formatMemballoon(w, d.memballoon);
  for (const each of d.rngs) formatRng(w, each, context);
  if (d.nvram !== undefined) formatNvram(w, d.nvram);
  for (const each of d.panics) formatPanic(w, each);
  for (const each of d.shmems) formatShmem(w, each);
  for (const each of d.memories) formatMemoryDevice(w, each, context);
  if (d.iommu !== undefined) formatIommu(w, d.iommu);
  if (d.vsock !== undefined) formatVsock(w, d.vsock);
}

/** A machine's serial console is its serial port seen again. */
function shownConsole(domain: Domain, console: Console, at: number): Console {
  const serial = domain.devices.serials[at];
  const serialConsole = console.target.type === undefined || console.target.type === "serial";
  if (domain.os.type !== "hvm" || !serialConsole || serial === undefined) return console;
  const { target, ...rest } = serial;
  return { ...rest, kind: "console", target: { type: "serial", port: target.port } };
}

function formatSeclabel(w: XmlWriter, label: Seclabel): void {
  const attributes = attr("type", label.type) + attr("model", label.model);
  if (label.type === "none") {
    w.empty("seclabel", attributes);
    return;
  }
  w.element("seclabel", attributes + attr("relabel", label.relabel), () => {
    w.leaf("label", label.label);
    if (label.relabel === "yes") w.leaf("imagelabel", label.imagelabel);
    if (label.type === "dynamic") w.leaf("baselabel", label.baselabel);
  });
}

function formatLaunchSecurity(w: XmlWriter, security: LaunchSecurity | undefined): void {
  if (security === undefined) return;
  if (security.type === "s390-pv") {
    w.empty("launchSecurity", attr("type", security.type));
    return;
  }
  w.block("launchSecurity", attr("type", security.type) + attr("kernelHashes", security.kernelHashes), () => {
    w.leaf("cbitpos", security.cbitpos);
    w.leaf("reducedPhysBits", security.reducedPhysBits);
    w.leaf("policy", `0x${security.policy.toString(16).padStart(4, "0")}`);
    w.leaf("dhCert", security.dhCert);
    w.leaf("session", security.session);
  });
}

/** A hypervisor's own element, laid out like the rest. */
export function formatElement(w: XmlWriter, element: XmlElement): void {
  const attributes = element.attributes.map(({ name, value }) => attr(name, value)).join("");
  const children = childElements(element);
  if (children.length > 0) {
    w.block(element.name, attributes, () => {
      for (const each of children) formatElement(w, each);
    });
    return;
  }
  const text = textOf(element);
  if (text === "") w.empty(element.name, attributes);
  else w.leaf(element.name, text, attributes);
}
