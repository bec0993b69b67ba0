import { attr, type XmlWriter } from "@polyvisor/sdk/xml";
import { badValue, bytesOf, firstValue, type LxcEntry, wholeNumber } from "./lxc-conf.js";

/** `<memory>` and `<memtune>`; 64 MiB where nothing limits the container. */
export function writeMemory(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  const limit = (name: string): number | undefined => {
    const entry = firstValue(entries, `lxc.cgroup.memory.${name}`);
    return entry === undefined || entry.value === "-1" ? undefined : Math.floor(bytesOf(entry, entry.value) / 1024);
  };
  const hard = limit("limit_in_bytes");
  writer.leaf("memory", hard ?? 64 * 1024, " unit='KiB'");
  writer.element("memtune", "", () => {
    writer.leaf("hard_limit", hard, " unit='KiB'");
    writer.leaf("soft_limit", limit("soft_limit_in_bytes"), " unit='KiB'");
    writer.leaf("swap_hard_limit", limit("memsw.limit_in_bytes"), " unit='KiB'");
  });
}

/** `<vcpu>`, `<cputune>` and `<numatune>`. */
export function writeProcessors(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  writer.leaf("vcpu", 1, ` placement='static'${attr("cpuset", firstValue(entries, "lxc.cgroup.cpuset.cpus")?.value)}`);
  const number = (name: string, options?: { signed: boolean }): number | undefined => {
    const entry = firstValue(entries, `lxc.cgroup.cpu.${name}`);
    return entry && wholeNumber(entry, entry.value, options);
  };
  writer.element("cputune", "", () => {
    writer.leaf("shares", number("shares"));
    writer.leaf("period", number("cfs_period_us"));
    writer.leaf("quota", number("cfs_quota_us", { signed: true }));
  });
  const nodes = firstValue(entries, "lxc.cgroup.cpuset.mems")?.value;
  if (nodes !== undefined)
    writer.block("numatune", "", () => writer.empty("memory", ` mode='strict'${attr("nodeset", nodes)}`));
}

/** The element of a document for each setting of a disk. */
const DISK_SETTINGS: Readonly<Record<string, { readonly element: string; readonly words: string }>> = {
  device_weight: { element: "weight", words: "device weight" },
  "throttle.read_iops_device": { element: "read_iops_sec", words: "read_iops_device" },
  "throttle.write_iops_device": { element: "write_iops_sec", words: "write_iops_device" },
  "throttle.read_bps_device": { element: "read_bytes_sec", words: "read_bps_device" },
  "throttle.write_bps_device": { element: "write_bytes_sec", words: "write_bps_device" },
};
const BLKIO = "lxc.cgroup.blkio.";

/** `<blkiotune>`; settings of disks that a document cannot say are left out, as libvirt leaves them. */
export function writeBlkiotune(writer: XmlWriter, entries: readonly LxcEntry[]): void {
  const weight = firstValue(entries, `${BLKIO}weight`);
  const disks = new Map<string, Map<string, number>>();
  for (const entry of entries) {
    if (!entry.key.startsWith(BLKIO) || entry.key === `${BLKIO}weight`) continue;
    const [disk, text] = entry.value.split(/[ \t]+/);
    if (!disk || text === undefined)
      throw badValue(
        `invalid ${entry.key} value: '${entry.value}'`,
        `line ${entry.line} needs MAJOR:MINOR and a number`,
      );
    const settings = disks.get(disk) ?? new Map<string, number>();
    disks.set(disk, settings);
    const known = DISK_SETTINGS[entry.key.slice(BLKIO.length)];
    if (known === undefined) continue;
    if (!/^\d+$/.test(text))
      throw badValue(`failed to parse ${known.words}: '${text}'`, `line ${entry.line} needs a number`);
    settings.set(known.element, Number(text));
  }
  writer.element("blkiotune", "", () => {
    writer.leaf("weight", weight && wholeNumber(weight, weight.value));
    for (const [disk, settings] of disks) {
      writer.block("device", "", () => {
        writer.leaf("path", `/dev/block/${disk}`);
        for (const [element, number] of settings) writer.leaf(element, number);
      });
    }
  });
}
