import type { Domain } from "@polyvisor/sdk/conf";
import { accelOf, findMachine, has, isX86, type QemuCapabilities } from "../../capabilities/index.js";
import { virtTypeOf } from "../cpu.js";
import { isPseries, isQ35 } from "../machine.js";
import type { Checked } from "./context.js";
import { malformed, refuse } from "./refuse.js";
import { checkStorage } from "./storage.js";

/** Whether the emulator has such a guest's machine at all. */
export function checkMachine({ domain, caps }: Checked): void {
  checkEmulator(domain, caps);
  checkFirmware(domain);
  if (domain.genid !== undefined && !has(caps, "vmgenid"))
    throw refuse("this QEMU does not support the 'genid' capability");
  checkBiosSerial(domain);
}

function checkEmulator(domain: Domain, caps: QemuCapabilities): void {
  const lacks = (what: string, hint?: string) =>
    refuse(`Emulator '${domain.devices.emulator}' does not support ${what}`, hint);
  const { type, arch = "", machine = "" } = domain.os;
  if (type !== "hvm") throw lacks(`os type '${type}'`, "QEMU runs full virtualization only: <type>hvm</type>");
  if (
    arch !== caps.arch &&
    !(arch === "i686" && caps.arch === "x86_64") &&
    !(arch === "armv7l" && caps.arch === "aarch64") &&
    !(arch === "armv6l" && caps.arch === "armv7l") &&
    !(arch === "ppc64le" && caps.arch === "ppc64")
  )
    throw lacks(`arch '${arch}'`, `name an emulator for ${arch} in <emulator>, or leave it out`);
  const virt = virtTypeOf(domain);
  if (domain.type !== virt || accelOf(caps, virt) === undefined) {
    throw lacks(
      `virt type '${domain.type}'`,
      domain.type === "kvm" ? "/dev/kvm is not usable here; <domain type='qemu'> emulates instead" : undefined,
    );
  }
  if (findMachine(caps, virt, machine) === undefined) {
    throw lacks(`machine type '${machine}'`, "the emulator's -machine help lists those that it has");
  }
  if (domain.memtune?.minGuarantee !== undefined) throw refuse("Parameter 'min_guarantee' not supported by QEMU.");
}

function checkFirmware({ os, features }: Domain): void {
  const uefi = os.firmware === "efi" || os.loader?.type === "pflash";
  const arch = os.arch ?? "";
  if (uefi && isX86(arch) && features.acpi !== true)
    throw refuse("UEFI requires ACPI on this architecture", "add <features><acpi/></features>");
  if (features.acpi === true && arch === "aarch64" && !uefi)
    throw refuse("ACPI requires UEFI on this architecture", "add firmware='efi' to <os>, or leave <acpi/> out");
}

function checkBiosSerial({ os, devices }: Domain): void {
  if (os.bios?.useserial !== "yes") return;
  if (!isX86(os.arch ?? "")) throw refuse("BIOS serial console only supported on x86 architectures");
  if (devices.serials.length === 0) throw malformed("need at least one serial port to use BIOS serial output");
}

/** Secure boot, and where the firmware keeps its variables. */
export function checkBoot({ domain, caps }: Checked): void {
  const { firmware, loader, nvram, arch } = domain.os;
  if (loader?.secure === "yes") {
    if (!isQ35(domain)) throw refuse("Secure boot is supported with q35 machine types only");
    if (arch !== "x86_64") throw refuse("Secure boot is supported for x86_64 architecture only");
    if (firmware === undefined && domain.features.smm?.state !== "on")
      throw refuse("Secure boot requires SMM feature enabled", "add <features><smm state='on'/></features>");
  }
  const source = nvram?.source;
  if (source === undefined) return;
  if (!["file", "block", "network"].includes(source.type)) throw refuse(`unsupported nvram disk type '${source.type}'`);
  if ((source.slices ?? []).length > 0) throw refuse("slices are not supported with NVRAM");
  if (source.reservations !== undefined) throw refuse("persistent reservations are not supported with NVRAM");
  checkStorage({ source, format: "raw", readonly: false }, caps);
}

/** More vCPUs need an interrupt controller that only newer boards have. */
const MAX_VCPUS_WITHOUT_EIM = 255;

export function checkVcpus({ domain, caps }: Checked): void {
  const { vcpu, cpu, os } = domain;
  const limit = findMachine(caps, virtTypeOf(domain), os.machine ?? "")?.maxCpus ?? 0;
  if (vcpu.current === 0) throw refuse("Domain requires at least 1 vCPU");
  if (limit > 0 && vcpu.max > limit) throw refuse(`Maximum CPUs greater than specified machine type limit ${limit}`);
  const topology = cpu?.topology;
  if (topology !== undefined && has(caps, "query-hotpluggable-cpus")) {
    const { sockets, dies, cores, threads } = topology;
    if (sockets * dies * cores * threads !== vcpu.max) {
      throw refuse(
        "CPU topology doesn't match maximum vcpu count",
        "sockets x dies x cores x threads must be the number in <vcpu>",
      );
    }
    const granularity = isPseries(domain) ? threads : 1;
    if (vcpu.current % granularity !== 0)
      throw refuse(`vCPUs count must be a multiple of the vCPU hotplug granularity (${granularity})`);
  }
  if (!isX86(os.arch ?? "") || vcpu.max <= MAX_VCPUS_WITHOUT_EIM) return;
  if (!isQ35(domain))
    throw refuse(`more than ${MAX_VCPUS_WITHOUT_EIM} vCPUs are only supported on q35-based machine types`);
  if (domain.devices.iommu?.driver?.eim !== "on")
    throw refuse(
      `more than ${MAX_VCPUS_WITHOUT_EIM} vCPUs require extended interrupt mode enabled on the iommu device`,
    );
}
