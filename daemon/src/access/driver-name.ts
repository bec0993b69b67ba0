import type { HypervisorConnection } from "@polyvisor/core";

/** libvirt's names of its drivers, by the schemes of their URIs; others go by their scheme. */
const DRIVERS: Readonly<Record<string, string>> = {
  ch: "CH",
  esx: "ESX",
  gsx: "ESX",
  hyperv: "Hyper-V",
  lxc: "LXC",
  nwfilter: "NWFilter",
  openvz: "OPENVZ",
  parallels: "Parallels",
  qemu: "QEMU",
  vbox: "VBOX",
  vmwarefusion: "VMWARE",
  vmwareplayer: "VMWARE",
  vmwarews: "VMWARE",
  vpx: "ESX",
  xen: "Xen",
};

/** What a policy knows the driver of a connection by. */
export function driverOf({ uri }: HypervisorConnection): string {
  const scheme = /^[^:+]*/.exec(uri)?.[0] ?? "";
  return DRIVERS[scheme] ?? scheme;
}
