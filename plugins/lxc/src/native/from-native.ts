import { VirtError } from "@polyvisor/core";
import type { Domain, DomainHooks } from "@polyvisor/sdk/conf";
import { PROCESS_CAPABILITIES, parseDomain } from "@polyvisor/sdk/conf/domain";
import { attr, XmlWriter } from "@polyvisor/sdk/xml";
import { badValue, firstValue, type LxcEntry, parseLxcConf, wholeNumber } from "./lxc-conf.js";
import { writeMounts } from "./mounts.js";
import { collectNetworks, writeNetworks } from "./networks.js";
import { writeBlkiotune, writeMemory, writeProcessors } from "./tuning.js";

/** The LXC tools' names of architectures that differ from ours. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86: "i686",
  amd64: "x86_64",
  linux32: "i686",
  linux64: "x86_64",
};

/**
 * The domain that a container's configuration of the LXC tools describes. Its UUID is new at each call; files that it includes
 * are not read, and keys that are not about what a domain has are left out. Fails where it has no name, no root, or a value
 * that cannot be understood.
 */
export function domainFromLxcConf(text: string, hooks: DomainHooks): Domain {
  const entries = parseLxcConf(text);
  const name = firstValue(entries, "lxc.uts.name", "lxc.utsname");
  if (name === undefined) throw badValue("missing lxc.uts.name or lxc.utsname", "give the container a name");
  refuseFstab(entries);
  const arch = archOf(firstValue(entries, "lxc.arch")?.value);
  const writer = new XmlWriter();
  writer.block("domain", " type='lxc'", () => {
    writer.leaf("name", name.value);
    writeMemory(writer, entries);
    writeBlkiotune(writer, entries);
    writeProcessors(writer, entries);
    writer.block("os", "", () => {
      writer.leaf("type", "exe", attr("arch", arch));
      writeInit(writer, entries);
    });
    writeIdMaps(writer, entries);
    const networks = collectNetworks(entries);
    writer.block("features", "", () => {
      if (networks.length === 0) writer.empty("privnet");
      writeCapabilities(writer, entries);
    });
    writer.block("devices", "", () => {
      writeMounts(writer, entries);
      writeNetworks(writer, networks);
      writeConsoles(writer, entries);
    });
  });
  const domain = parseDomain(writer.toString(), { hooks, inactive: true, skipChecks: true });
  return arch === undefined ? { ...domain, os: { ...domain.os, arch: undefined } } : domain;
}

function archOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : (ARCHITECTURES[name] ?? name);
}

function refuseFstab(entries: readonly LxcEntry[]): void {
  const fstab = entries.find(({ key }) => key === "lxc.mount.fstab" || key === "lxc.mount");
  if (fstab === undefined) return;
  const detail = "lxc.mount.fstab or lxc.mount found, use lxc.mount.entry lines instead";
  const hint = `the file of line ${fstab.line} is not read: write each of its lines as lxc.mount.entry = LINE`;
  throw new VirtError("ARGUMENT_UNSUPPORTED", detail, { domain: "LXC", hint });
}

function writeInit(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  const [init = "/sbin/init", ...words] = firstValue(entries, "lxc.init.cmd", "lxc.init_cmd")?.value.split(/\s+/) ?? [];
  writer.leaf("init", init);
  for (const word of words) writer.leaf("initarg", word);
}

function writeConsoles(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  const count = firstValue(entries, "lxc.tty.max", "lxc.tty");
  const number = count === undefined ? 0 : wholeNumber(count, count.value);
  if (number > CONSOLES_MAX)
    throw badValue(`failed to parse int: '${number}'`, `a container has at most ${CONSOLES_MAX} consoles`);
  for (let port = 0; port < number; port++) {
    writer.block("console", " type='pty'", () => writer.empty("target", ` type='lxc'${attr("port", port)}`));
  }
}

/** So that a document cannot be made to grow without end. */
const CONSOLES_MAX = 256;

/**
 * The LXC tools write the container's first id, then the host's; libvirt takes them for the other way round. Nobody means to
 * give a container the host's root, so a second number that is 0 is the container's.
 */
function writeIdMaps(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  const maps = entries.flatMap((entry) => {
    if (entry.key !== "lxc.idmap" && entry.key !== "lxc.id_map") return [];
    const match = /^([ug])\s*(\d+)\s+(\d+)\s+(\d+)/.exec(entry.value);
    if (match === null) {
      const hint = `line ${entry.line} needs u or g, the first id of the container, the first of the host, and how many`;
      throw badValue(`invalid ${entry.key}: '${entry.value}'`, hint);
    }
    const [, type, first, second, count] = match;
    const [start, target] = second === "0" ? [second, first] : [first, second];
    return [{ type, attributes: attr("start", start) + attr("target", target) + attr("count", count) }];
  });
  writer.element("idmap", "", () => {
    for (const { attributes } of maps.filter(({ type }) => type === "u")) writer.empty("uid", attributes);
    for (const { attributes } of maps.filter(({ type }) => type === "g")) writer.empty("gid", attributes);
  });
}

function writeCapabilities(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  const dropped = new Set<string>();
  for (const { key, value } of entries) {
    if (key !== "lxc.cap.drop") continue;
    if (value === "") dropped.clear();
    for (const name of value.split(/\s+/)) dropped.add(name);
  }
  writer.block("capabilities", " policy='allow'", () => {
    for (const name of PROCESS_CAPABILITIES) if (dropped.has(name)) writer.empty(name, " state='off'");
  });
}
