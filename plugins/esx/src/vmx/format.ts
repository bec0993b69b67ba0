import type { Domain } from "@polyvisor/sdk/conf/domain";
import type { VmxWriting } from "./context.js";
import { vmxError } from "./entries.js";
import { escapePercent, escapePipe } from "./escape.js";
import {
  formatGraphics,
  formatInterface,
  formatParallel,
  formatSerial,
  formatSharedFolder,
  formatVideo,
  spacedUuid,
} from "./format-devices.js";
import { formatDisks, unsupported } from "./format-disks.js";
import { VmxLines } from "./lines.js";

const ZERO_UUID = "00000000-0000-0000-0000-000000000000";
/** The hardware version from which on a machine has PCI Express. */
const PCI_BRIDGES_VERSION = 7;

/** The VMX file of a configuration. Throws `INTERNAL_ERROR` and `CONFIG_UNSUPPORTED` in libvirt's words. */
export function formatVmx(domain: Domain, writing: VmxWriting): string {
  const { hardwareVersion } = writing;
  const { devices } = domain;
  if (domain.type !== "vmware") {
    throw vmxError(`Expecting virt type to be 'vmware' but found '${domain.type}'`, "Write <domain type='vmware'>.");
  }
  const lines = new VmxLines();
  formatBasics(lines, domain, hardwareVersion);
  formatMemory(lines, domain);
  formatVcpus(lines, domain);
  for (const graphics of devices.graphics) formatGraphics(lines, graphics);
  const hasScsi = formatDisks(lines, domain, writing);
  if (devices.filesystems.length > 0) {
    lines.add("isolation.tools.hgfs.disable", "false");
    lines.add("sharedFolder.maxNum", devices.filesystems.length);
  }
  for (const [number, folder] of devices.filesystems.entries()) formatSharedFolder(lines, folder, number);
  for (const [number, card] of devices.interfaces.entries()) formatInterface(lines, card, number, hardwareVersion);
  if (devices.videos.length > 1) throw vmxError("No support for multiple video devices", "Keep one <video>.");
  for (const video of devices.videos) formatVideo(lines, video);
  for (const serial of devices.serials) formatSerial(lines, serial, writing);
  for (const parallel of devices.parallels) formatParallel(lines, parallel, writing);
  if (domain.os.firmware === "efi") lines.add("firmware", "efi");
  if (hardwareVersion >= PCI_BRIDGES_VERSION) formatBridges(lines, hasScsi);
  return lines.toString();
}

function formatBasics(lines: VmxLines, domain: Domain, hardwareVersion: number): void {
  lines.add(".encoding", "UTF-8");
  lines.add("config.version", 8);
  lines.add("virtualHW.version", hardwareVersion);
  lines.add("guestOS", guestOs(domain));
  formatSmbios(lines, domain);
  if (domain.uuid === ZERO_UUID) lines.add("uuid.action", "create");
  else lines.add("uuid.bios", spacedUuid(domain.uuid));
  lines.add("displayName", escapePercent(escapePipe(domain.name)));
  if (domain.description !== undefined) lines.add("annotation", escapePipe(domain.description));
}

function guestOs({ os }: Domain): string {
  if (os.arch === "i686") return "other";
  if (os.arch === "x86_64") return "other-64";
  throw vmxError(
    `Expecting domain XML attribute 'arch' of entry 'os/type' to be 'i686' or 'x86_64' but found '${os.arch}'`,
    "Choose one of these.",
  );
}

function formatSmbios(lines: VmxLines, { os }: Domain): void {
  if (os.smbios === undefined || os.smbios === "none" || os.smbios === "emulate") return;
  if (os.smbios !== "host") throw unsupported(`Unsupported SMBIOS mode '${os.smbios}'`, "Use mode='host'.");
  lines.add("smbios.reflecthost", "true");
}

/** The server's unit of memory is 4 MiB. */
const MEMORY_STEP = 4096;

function formatMemory(lines: VmxLines, domain: Domain): void {
  const total = Math.ceil(domain.memory / MEMORY_STEP) * MEMORY_STEP;
  lines.add("memsize", total / 1024);
  if (domain.currentMemory < total) lines.add("sched.mem.max", Math.ceil(domain.currentMemory / 1024));
  const reservation = domain.memtune?.minGuarantee ?? 0;
  if (reservation > 0) lines.add("sched.mem.minsize", Math.ceil(reservation / 1024));
}

function formatVcpus(lines: VmxLines, domain: Domain): void {
  const { vcpu, cputune } = domain;
  if (vcpu.current < vcpu.max) {
    throw unsupported("No support for domain XML entry 'vcpu' attribute 'current'", "Leave current='...' out.");
  }
  if (vcpu.max === 0) throw vmxError("Expecting domain XML entry 'vcpu' to be greater than 0", "Write <vcpu>1</vcpu>.");
  lines.add("numvcpus", vcpu.max);
  formatTopology(lines, domain);
  formatAffinity(lines, domain);
  if (cputune?.shares !== undefined) lines.add("sched.cpu.shares", sharesLevel(cputune.shares, vcpu.current));
}

function formatTopology(lines: VmxLines, { cpu, vcpu }: Domain): void {
  if (cpu === undefined) return;
  const mode = cpu.mode ?? "custom";
  if (mode !== "custom") {
    throw vmxError(`Expecting domain XML CPU mode 'custom' but found '${mode}'`, "Leave the mode out.");
  }
  const { sockets, dies, cores, threads } = cpu.topology ?? { sockets: 0, dies: 0, cores: 0, threads: 0 };
  if (threads !== 1) throw unsupported("Only 1 thread per core is supported", "Write threads='1'.");
  if (dies !== 1) throw unsupported("Only 1 die per socket is supported", "Write dies='1'.");
  if (sockets * cores !== vcpu.max) {
    throw vmxError(
      `Expecting domain XML CPU sockets per core as ${vcpu.max} but found ${sockets * cores}`,
      "Sockets times cores are the machine's CPUs.",
    );
  }
  lines.add("cpuid.coresPerSocket", cores);
}

function formatAffinity(lines: VmxLines, { vcpu }: Domain): void {
  const { cpuset } = vcpu;
  if (cpuset === undefined) return;
  if (cpuset.length < vcpu.max) {
    throw vmxError(
      `Expecting domain XML attribute 'cpuset' of entry 'vcpu' to contain at least ${vcpu.max} CPU(s)`,
      "Name a CPU of the host's for each of the machine's.",
    );
  }
  lines.add("sched.cpu.affinity", cpuset.join(","));
}

function sharesLevel(shares: number, vcpus: number): string | number {
  if (shares === vcpus * 500) return "low";
  if (shares === vcpus * 1000) return "normal";
  return shares === vcpus * 2000 ? "high" : shares;
}

function formatBridges(lines: VmxLines, hasScsi: boolean): void {
  if (hasScsi) {
    lines.add("pciBridge0.present", "true");
    for (const number of [4, 5, 6, 7]) {
      lines.add(`pciBridge${number}.present`, "true");
      lines.add(`pciBridge${number}.virtualDev`, "pcieRootPort");
      lines.add(`pciBridge${number}.functions`, 8);
    }
  }
  lines.add("vmci0.present", "true");
}
