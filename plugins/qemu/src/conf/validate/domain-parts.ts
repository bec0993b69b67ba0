import { findMachine, has, isX86 } from "../../capabilities/index.js";
import { virtTypeOf } from "../cpu.js";
import { isPseries } from "../machine.js";
import type { Checked } from "./context.js";
import { refuse } from "./refuse.js";

/** What a guest does when it ends. */
export function checkLifecycle({ domain: { onCrash, onPoweroff, onReboot } }: Checked): void {
  if ([onPoweroff, onReboot, onCrash].includes("rename-restart"))
    throw refuse("qemu driver doesn't support the 'rename-restart' action for 'on_reboot'/'on_poweroff'/'on_crash'");
  if (onPoweroff === "preserve" || onReboot === "preserve")
    throw refuse("qemu driver doesn't support the 'preserve' action for 'on_reboot'/'on_poweroff'");
  if (onPoweroff === "restart" && onReboot === "destroy")
    throw refuse("qemu driver doesn't support 'onReboot' set to 'destroy and 'onPoweroff' set to 'reboot'");
}

export function checkIothreads({ domain, caps }: Checked): void {
  const pools = [...domain.iothreads, domain.defaultIothread];
  const wanted = pools.some((each) => (each?.threadPoolMin ?? each?.threadPoolMax) !== undefined);
  if (wanted && !has(caps, "iothread.thread-pool-max"))
    throw refuse("thread_pool_min and thread_pool_max is not supported by this QEMU binary");
}

const PAGE_KIB = 4;

/** Memory in huge pages. */
export function checkHugepages({ domain, caps }: Checked): void {
  const backing = domain.memoryBacking;
  const [pages] = backing?.hugepages ?? [];
  if (backing === undefined || pages === undefined) return;
  if (backing.allocation?.mode === "ondemand")
    throw refuse("hugepages are not allowed with memory allocation ondemand");
  if ((backing.allocation?.threads ?? 0) > 0 && !has(caps, "memory-backend-file.prealloc-threads"))
    throw refuse("preallocation threads are unsupported with this QEMU");
  if (backing.source === "anonymous") throw refuse("hugepages are not allowed with anonymous memory source");
  if (backing.source === "memfd" && !has(caps, "memory-backend-memfd.hugetlb"))
    throw refuse("hugepages is not supported with memfd memory source");
  const asOne = findMachine(caps, virtTypeOf(domain), domain.os.machine ?? "")?.defaultRamId !== undefined;
  const cells = domain.cpu?.numa?.cells.length ?? 0;
  if (!asOne && pages.size !== PAGE_KIB && cells === 0 && backing.access === "shared")
    throw refuse(`memory access mode '${backing.access}' not supported without guest numa node`);
}

export function checkNumaDetails({ domain, caps }: Checked): void {
  const numa = domain.cpu?.numa;
  const hmat = (numa?.interconnects ?? []).length > 0 || numa?.cells.some(({ caches }) => (caches ?? []).length > 0);
  if (hmat === true && !has(caps, "numa.hmat")) throw refuse("HMAT is not supported with this QEMU");
}

export function checkConsoles({ domain, caps }: Checked): void {
  for (const { target } of domain.devices.consoles) {
    const { type } = target;
    if (type === "sclp" && !has(caps, "s390-sclp")) throw refuse("sclpconsole is not supported in this QEMU binary");
    if (type === "sclplm" && !has(caps, "sclplmconsole"))
      throw refuse("sclplmconsole is not supported in this QEMU binary");
    if (type !== undefined && !["serial", "virtio", "sclp", "sclplm"].includes(type))
      throw refuse(`unsupported console target type ${type}`);
  }
}

export function checkFirmwareConfig({ domain }: Checked): void {
  for (const sysinfo of domain.sysinfos) {
    if (sysinfo.type !== "fwcfg") continue;
    for (const { name } of sysinfo.entries) {
      if (!name.startsWith("opt/")) throw refuse("Invalid firmware name", "its name begins with opt/");
      if (name.startsWith("opt/ovmf/") || name.startsWith("opt/org.qemu/"))
        throw refuse("That firmware name is reserved");
    }
  }
}

export function checkPanics({ domain, caps }: Checked): void {
  const arch = domain.os.arch ?? "";
  const fits: Partial<Record<string, readonly [boolean, string]>> = {
    s390: [arch.startsWith("s390"), "S390"],
    hyperv: [isX86(arch), "i686 and x86_64"],
    pseries: [isPseries(domain), "pSeries"],
  };
  for (const { address, model } of domain.devices.panics) {
    const rule = model === undefined ? undefined : fits[model];
    if (rule !== undefined) {
      const [here, guests] = rule;
      if (!here) throw refuse(`only ${guests} guests support panic device of model '${model}'`);
      if (address !== undefined) throw refuse(`setting the panic device address is not supported for model '${model}'`);
    }
    if (model !== "isa") continue;
    if (!has(caps, "pvpanic")) throw refuse("the QEMU binary does not support the ISA panic device");
    if (address !== undefined && address.type !== "isa") throw refuse("panic is supported only with ISA address type");
  }
}

export function checkTpmCount({ domain }: Checked): void {
  const proxies = domain.devices.tpms.filter(({ model }) => model === "spapr-tpm-proxy").length;
  if (proxies > 1) throw refuse("only a single TPM Proxy device is supported");
  if (domain.devices.tpms.length - proxies > 1) throw refuse("only a single TPM non-proxy device is supported");
}

export function checkLaunchSecurity({ domain: { launchSecurity }, caps }: Checked): void {
  if (launchSecurity?.type === "sev") {
    if (!has(caps, "sev-guest")) throw refuse("SEV launch security is not supported with this QEMU binary");
    if (launchSecurity.kernelHashes !== undefined && !has(caps, "sev-guest-kernel-hashes"))
      throw refuse("SEV measured direct kernel boot is not supported with this QEMU binary");
  }
  if (launchSecurity?.type !== "s390-pv") return;
  if (!has(caps, "confidential-guest-support") || !has(caps, "s390-pv-guest"))
    throw refuse("S390 PV launch security is not supported with this QEMU binary");
}

export function checkCacheTune({ domain }: Checked): void {
  const tunes = (domain.cputune?.cachetune ?? []).length + (domain.cputune?.memorytune ?? []).length;
  if (tunes > 0 && domain.type !== "kvm") throw refuse("cachetune is only supported for KVM domains");
}
