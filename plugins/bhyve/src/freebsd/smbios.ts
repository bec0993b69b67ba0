import type { SmbiosInfo, SysinfoEntries } from "@polyvisor/sdk/conf/domain";

/** libvirt's names of what the kernel's environment tells, in libvirt's order. */
const BIOS = { vendor: "vendor", version: "version", reldate: "date" };
const SYSTEM = {
  maker: "manufacturer",
  product: "product",
  version: "version",
  serial: "serial",
  uuid: "uuid",
  sku: "sku",
  family: "family",
};
const BOARD = { maker: "manufacturer", product: "product", version: "version", serial: "serial", tag: "asset" };
const CHASSIS = { maker: "manufacturer", version: "version", serial: "serial", tag: "asset" };

/** The firmware's tables as `kenv` prints them (`smbios.system.maker="..."`). */
export function parseKenv(printed: string): SmbiosInfo | undefined {
  const values = new Map(
    [...printed.matchAll(/^smbios\.([\w.]+)="(.*)"$/gm)].map(([, name = "", value = ""]) => [name, value.trim()]),
  );
  if (values.size === 0) return undefined;
  const entries = (table: string, names: Readonly<Record<string, string>>): SysinfoEntries =>
    Object.entries(names).flatMap(([key, name]) => {
      const value = values.get(`${table}.${key}`);
      return value ? [{ name, value }] : [];
    });
  const some = (list: SysinfoEntries) => (list.length === 0 ? undefined : list);
  const board = entries("planar", BOARD);
  return {
    type: "smbios",
    bios: some(entries("bios", BIOS)),
    system: some(entries("system", SYSTEM)),
    baseBoards: board.length === 0 ? [] : [board],
    chassis: some(entries("chassis", CHASSIS)),
  };
}
