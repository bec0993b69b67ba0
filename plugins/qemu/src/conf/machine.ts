import type { Os } from "@polyvisor/sdk/conf";
import { isX86 } from "../capabilities/index.js";

type Machine = { readonly os: Pick<Os, "arch" | "machine"> };

function machineIs(domain: Machine, name: string, prefix: string): boolean {
  const machine = domain.os.machine ?? "";
  return machine === name || machine.startsWith(prefix);
}

export function isX86Domain(domain: Machine): boolean {
  return isX86(domain.os.arch ?? "");
}

export function isQ35(domain: Machine): boolean {
  return isX86Domain(domain) && machineIs(domain, "q35", "pc-q35-");
}

export function isI440fx(domain: Machine): boolean {
  if (!isX86Domain(domain)) return false;
  const machine = domain.os.machine ?? "";
  return machine === "pc" || ["pc-0.", "pc-1.", "pc-i440fx-", "rhel"].some((prefix) => machine.startsWith(prefix));
}

export function isArmVirt(domain: Machine): boolean {
  const arch = domain.os.arch ?? "";
  return ["armv6l", "armv7l", "aarch64"].includes(arch) && machineIs(domain, "virt", "virt-");
}

export function isRiscvVirt(domain: Machine): boolean {
  return (domain.os.arch ?? "").startsWith("riscv") && machineIs(domain, "virt", "virt-");
}

export function isPseries(domain: Machine): boolean {
  return (domain.os.arch ?? "").startsWith("ppc64") && machineIs(domain, "pseries", "pseries-");
}

export function isS390Ccw(domain: Machine): boolean {
  return (domain.os.arch ?? "").startsWith("s390") && (domain.os.machine ?? "").startsWith("s390-ccw");
}

/** Machines whose first IDE controller is part of the board. */
export function hasBuiltinIde(domain: Machine): boolean {
  const machine = domain.os.machine ?? "";
  return isI440fx(domain) || machine === "malta" || machine === "sun4u" || machine === "g3beige";
}

/** The root of the guest's PCI devices, or none on machines without PCI. */
export function pciRootOf(domain: Machine): "pci-root" | "pcie-root" | undefined {
  if (isQ35(domain) || isArmVirt(domain) || isRiscvVirt(domain)) return "pcie-root";
  if (isI440fx(domain) || isPseries(domain) || isS390Ccw(domain) || hasBuiltinIde(domain)) return "pci-root";
  return undefined;
}

/** Machines with an ESP SCSI adapter on the board. */
export function hasBuiltinScsi(domain: Machine): boolean {
  const { arch = "", machine = "" } = domain.os;
  if (arch === "sparc") return true;
  if (arch.startsWith("mips64")) return machine === "magnum" || machine === "pica61";
  return arch === "m68k" && machine === "q800";
}
