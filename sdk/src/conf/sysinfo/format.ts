import { attr, XmlWriter } from "../../xml/index.js";
import type { SmbiosInfo, Sysinfo, SysinfoEntries } from "./model.js";

/** `<sysinfo>` as libvirt prints it: what `virsh sysinfo` shows of a host. */
export function formatSysinfo(sysinfo: Sysinfo): string {
  const w = new XmlWriter();
  writeSysinfo(w, sysinfo);
  return w.toString();
}

/** The same inside another document. */
export function writeSysinfo(w: XmlWriter, sysinfo: Sysinfo): void {
  w.element("sysinfo", attr("type", sysinfo.type), () => {
    if (sysinfo.type === "smbios") writeSmbios(w, sysinfo);
    else {
      for (const entry of sysinfo.entries) {
        if ("file" in entry) w.empty("entry", attr("name", entry.name) + attr("file", entry.file));
        else w.leaf("entry", entry.value, attr("name", entry.name));
      }
    }
  });
}

function writeSmbios(w: XmlWriter, info: SmbiosInfo): void {
  writeEntries(w, "bios", info.bios);
  writeEntries(w, "system", info.system);
  for (const board of info.baseBoards) writeEntries(w, "baseBoard", board);
  writeEntries(w, "chassis", info.chassis);
  for (const processor of info.processors ?? []) writeEntries(w, "processor", processor);
  for (const device of info.memoryDevices ?? []) writeEntries(w, "memory_device", device);
  const { oemStrings } = info;
  if (oemStrings === undefined) return;
  w.block("oemStrings", "", () => {
    for (const each of oemStrings) w.leaf("entry", each);
  });
}

function writeEntries(w: XmlWriter, name: string, entries: SysinfoEntries | undefined): void {
  if (entries === undefined) return;
  w.block(name, "", () => {
    for (const entry of entries) w.leaf("entry", entry.value, attr("name", entry.name));
  });
}
