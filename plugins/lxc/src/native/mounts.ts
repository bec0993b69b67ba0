import { attr, type XmlWriter } from "@polyvisor/sdk/xml";
import { badValue, bytesOf, firstValue, type LxcEntry } from "./lxc-conf.js";

/** What every container has mounted anyway. */
const BASIC = ["/proc", "/proc/sys", "/proc/sys/net/ipv4", "/proc/sys/net/ipv6", "/sys", "/sys/kernel/security"];
const BASIC_MOUNTS: ReadonlySet<string> = new Set([...BASIC, "/sys/fs/selinux"]);

interface Mount {
  /** Absent: a file system in memory of `usage` bytes. */
  readonly source?: string;
  readonly usage?: number;
  readonly target: string;
  readonly readonly: boolean;
}

/** The container's root and what else is mounted in it. */
export function writeMounts(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  const root = firstValue(entries, "lxc.rootfs.path", "lxc.rootfs");
  if (root === undefined)
    throw badValue("missing lxc.rootfs.path or lxc.rootfs", "name the folder that is the container's /");
  writeMount(writer, { source: root.value.replace(/^dir:(?=\/)/, ""), target: "/", readonly: false });
  for (const entry of entries) {
    const mount = entry.key === "lxc.mount.entry" ? parseMount(entry) : undefined;
    if (mount !== undefined) writeMount(writer, mount);
  }
}

/** `undefined` for what is mounted anyway. */
function parseMount(entry: LxcEntry): Mount | undefined {
  const [source, place, type, options] = entry.value.split(/[ \t]+/);
  if (source === undefined || place === undefined || type === undefined || options === undefined) {
    const hint = `line ${entry.line} needs what is mounted, where, its type and options, as a line of /etc/fstab does`;
    throw badValue(`invalid ${entry.key}: '${entry.value}'`, hint);
  }
  const target = place.startsWith("/") ? place : `/${place}`;
  if (BASIC_MOUNTS.has(target)) return undefined;
  const words = options.split(",");
  const readonly = words.includes("ro");
  if (type !== "tmpfs") return { source, target, readonly };
  const size = words.find((word) => word.startsWith("size="))?.slice("size=".length);
  if (size === undefined)
    throw badValue("missing tmpfs size, set the size option", `line ${entry.line} has no size=BYTES`);
  return { usage: bytesOf(entry, size), target, readonly };
}

function writeMount(writer: XmlWriter, { source, usage, target, readonly }: Mount): void {
  const isBlock = source?.startsWith("/dev/") ?? false;
  writer.block("filesystem", attr("type", source === undefined ? "ram" : isBlock ? "block" : "mount"), () => {
    if (source === undefined) writer.empty("source", `${attr("usage", usage)} units='bytes'`);
    else writer.empty("source", attr(isBlock ? "dev" : "dir", source));
    writer.empty("target", attr("dir", target));
    if (readonly) writer.empty("readonly");
  });
}
