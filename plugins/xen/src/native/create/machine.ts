import type { Domain } from "@polyvisor/sdk/conf";
import { formatNumberSet } from "@polyvisor/sdk/conf/number-set";
import { bootOrder } from "../boot.js";
import type { NativeSettings } from "../config.js";
import { formatCpuid } from "../cpu.js";
import { formatClock, formatFeatures, formatTimers } from "../features.js";
import { cpuPolicy } from "../libxl/cpuid.js";
import { guestType } from "../libxl/create-info.js";
import type { LibxlFacts } from "../libxl/facts.js";
import { formatXenbus } from "../small-devices.js";
import { numaDistance } from "../vnuma.js";

const MIB = 1024;

/** What the machine is, without its devices. */
export function setMachine(domain: Domain, settings: NativeSettings, facts: LibxlFacts): void {
  const { os, vcpu, seclabels, cputune } = domain;
  settings.set("name", domain.name);
  settings.set("uuid", domain.uuid);
  settings.set("type", guestType(os));
  const [label] = seclabels;
  if (label?.type === "static") settings.set("seclabel", label.label);
  settings.set("maxmem", Math.ceil(domain.memory / MIB));
  settings.set("memory", Math.ceil(Math.min(domain.memory, domain.currentMemory) / MIB));
  settings.set("maxvcpus", vcpu.max);
  settings.set("vcpus", vcpu.current);
  settings.setList("cpus", affinity(domain));
  settings.set("cpu_weight", cputune?.shares);
  setFeatures(domain, settings);
  formatTimers(domain, settings);
  setCpu(domain, settings, facts);
  setNuma(domain, settings, facts.nodes ?? 1);
  formatXenbus(domain, settings);
  settings.set("on_poweroff", domain.onPoweroff);
  settings.set("on_reboot", domain.onReboot);
  settings.set("on_crash", domain.onCrash);
}

/** Which CPUs each vCPU may run on; none where all may run anywhere. */
function affinity({ vcpu, cputune }: Domain): readonly string[] {
  const pins = new Map(cputune?.vcpupin.map((pin) => [pin.vcpu, pin.cpuset]));
  if (pins.size === 0 && vcpu.cpuset === undefined) return [];
  return Array.from({ length: vcpu.max }, (_, at) => {
    const set = pins.get(at) ?? vcpu.cpuset;
    return set === undefined ? "all" : formatNumberSet(set);
  });
}

function setFeatures(domain: Domain, settings: NativeSettings): void {
  const { features, os } = domain;
  formatFeatures(domain, settings);
  if (guestType(os) !== "pv" && features.hap !== undefined) settings.set("hap", features.hap === "on");
  if (features.xen?.e820Host === "off" && guestType(os) === "pv") settings.set("e820_host", 0);
  if (features.xen?.passthrough?.state === "off") settings.set("passthrough", "disabled");
  formatClock(domain, settings);
}

function setCpu(domain: Domain, settings: NativeSettings, facts: LibxlFacts): void {
  const policy = guestType(domain.os) === "pv" ? undefined : cpuPolicy(domain.cpu, facts);
  if (policy === undefined) return;
  settings.set("nestedhvm", policy.isNested);
  formatCpuid(domain, settings);
}

/** Where the host has fewer nodes than the guest, all of the guest's are in the host's first. */
function setNuma({ cpu }: Domain, settings: NativeSettings, nodes: number): void {
  const cells = cpu?.numa?.cells ?? [];
  settings.setList(
    "vnuma",
    cells.map(({ cpus = [], memory }, at) => [
      `pnode=${cells.length > nodes ? 0 : at}`,
      `size=${Math.floor(memory / MIB)}`,
      `vcpus=${formatNumberSet(cpus)}`,
      `vdistances=${cells.map((_, to) => numaDistance(cells, at, to)).join(",")}`,
    ]),
  );
}

/** What a paravirtual guest boots that names nothing. */
const BOOTLOADER = "pygrub";

export function setBoot({ os, bootloader, bootloaderArgs }: Domain, settings: NativeSettings): void {
  const type = guestType(os);
  settings.set("kernel", os.kernel);
  settings.set("ramdisk", os.initrd);
  settings.set("cmdline", os.cmdline);
  if (type === "hvm") {
    if (os.firmware === "efi" || os.loader?.type === "pflash") settings.set("bios", "ovmf");
    settings.set("acpi_firmware", os.acpiSlic);
    settings.set("boot", bootOrder(os.boot));
    return;
  }
  const isOpen = type === "pv" && os.kernel === undefined;
  settings.set("bootloader", bootloader ?? (isOpen ? BOOTLOADER : undefined));
  settings.setList("bootloader_args", bootloaderArgs?.split(/[ \t\n]+/).filter(Boolean) ?? []);
}
