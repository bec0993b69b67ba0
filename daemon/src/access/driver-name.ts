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

/** Asked for each object of a list, and always the same of one connection. */
const known = new WeakMap<HypervisorConnection, string>();

/** What a policy knows the driver of a connection by. */
export function driverOf(connection: HypervisorConnection): string {
  let name = known.get(connection);
  if (name === undefined) {
    const scheme = /^[^:+]*/.exec(connection.uri)?.[0] ?? "";
    name = DRIVERS[scheme] ?? scheme;
    known.set(connection, name);
  }
  return name;
}
