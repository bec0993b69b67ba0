import type { Sysinfo, SysinfoEntries } from "@polyvisor/sdk/conf";
import { type Build, notYet, refuse } from "./context.js";
import { escapeComma } from "./props.js";

type Smbios = Extract<Sysinfo, { type: "smbios" }>;

/** The entries of each table in libvirt's order; QEMU calls them the same. */
const BIOS = ["vendor", "version", "date", "release"];
const SYSTEM = ["manufacturer", "product", "version", "serial", "uuid", "sku", "family"];
const BOARD = ["manufacturer", "product", "version", "serial", "asset", "location"];
const CHASSIS = ["manufacturer", "version", "serial", "asset", "sku"];

export function smbiosArgs({ args, domain }: Build): void {
  const mode = domain.os.smbios;
  if (mode === "host") throw notYet("SMBIOS data of the host");
  if (mode !== "sysinfo") return;
  const info = domain.sysinfos.find((item): item is Smbios => item.type === "smbios");
  if (info === undefined) throw refuse(`Domain '${domain.name}' sysinfo are not available`);
  if (info.baseBoards.length > 1) throw refuse("qemu does not support more than one entry to Type 2 in SMBIOS table");
  const table = (type: number, names: readonly string[], entries: SysinfoEntries | undefined) => {
    const parts = names.flatMap((name) => {
      const value = entries?.find((entry) => entry.name === name)?.value;
      return value === undefined ? [] : [`${name}=${escapeComma(value)}`];
    });
    if (parts.length > 0) args.add("-smbios", [`type=${type}`, ...parts].join(","));
  };
  table(0, BIOS, info.bios);
  table(1, SYSTEM, info.system);
  table(2, BOARD, info.baseBoards[0]);
  table(3, CHASSIS, info.chassis);
  const strings = info.oemStrings ?? [];
  if (strings.length > 0)
    args.add("-smbios", `type=11,${strings.map((text) => `value=${escapeComma(text)}`).join(",")}`);
}

export function fwcfgArgs({ args, domain }: Build): void {
  for (const info of domain.sysinfos) {
    if (info.type !== "fwcfg") continue;
    for (const entry of info.entries)
      args.add("-fw_cfg", `name=${entry.name},${"value" in entry ? `string=${entry.value}` : `file=${entry.file}`}`);
  }
}
