import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import { formatNumberSet } from "../../number-set.js";
import type { Blkiotune, Cputune, Domain, MemoryBacking, Memtune, Numatune, Scheduler, Vcpus } from "../model/index.js";
import { type FormatContext, prettySize } from "./context.js";

const KIB = attr("unit", "KiB");

export function formatBlkiotune(w: XmlWriter, tune: Blkiotune | undefined): void {
  if (tune === undefined) return;
  w.element("blkiotune", "", () => {
    if (tune.weight) w.leaf("weight", tune.weight);
    for (const device of tune.devices) {
      const { path, ...limits } = device;
      if (!Object.values(limits).some((limit) => limit)) continue;
      w.block("device", "", () => {
        w.leaf("path", path);
        w.leaf("weight", device.weight || undefined);
        w.leaf("read_iops_sec", device.readIopsSec || undefined);
        w.leaf("write_iops_sec", device.writeIopsSec || undefined);
        w.leaf("read_bytes_sec", device.readBytesSec || undefined);
        w.leaf("write_bytes_sec", device.writeBytesSec || undefined);
      });
    }
  });
}

export function formatMemtune(w: XmlWriter, tune: Memtune | undefined): void {
  if (tune === undefined) return;
  w.element("memtune", "", () => {
    w.leaf("hard_limit", tune.hardLimit, KIB);
    w.leaf("soft_limit", tune.softLimit, KIB);
    w.leaf("min_guarantee", tune.minGuarantee || undefined, KIB);
    w.leaf("swap_hard_limit", tune.swapHardLimit, KIB);
  });
}

export function formatMemoryBacking(w: XmlWriter, backing: MemoryBacking | undefined): void {
  if (backing === undefined) return;
  w.element("memoryBacking", "", () => {
    const pages = backing.hugepages;
    if (pages !== undefined) {
      w.elementAlways("hugepages", "", () => {
        if (pages.length === 1 && pages[0]?.size === 0) return;
        for (const page of pages) {
          const nodeset = page.nodeset === undefined ? "" : attr("nodeset", formatNumberSet(page.nodeset));
          w.empty("page", attr("size", page.size) + KIB + nodeset);
        }
      });
    }
    if (backing.nosharepages === true) w.empty("nosharepages");
    if (backing.locked === true) w.empty("locked");
    if (backing.source !== undefined) w.empty("source", attr("type", backing.source));
    if (backing.access !== undefined) w.empty("access", attr("mode", backing.access));
    const { allocation } = backing;
    if (allocation !== undefined)
      w.empty("allocation", attr("mode", allocation.mode) + attr("threads", allocation.threads));
    if (backing.discard === true) w.empty("discard");
  });
}

export function formatVcpus(w: XmlWriter, vcpu: Vcpus): void {
  const cpuset = vcpu.cpuset === undefined ? "" : attr("cpuset", formatNumberSet(vcpu.cpuset));
  const current = vcpu.current === vcpu.max ? "" : attr("current", vcpu.current);
  w.leaf("vcpu", vcpu.max, attr("placement", vcpu.placement) + cpuset + current);
  const { individual } = vcpu;
  if (individual === undefined) return;
  w.block("vcpus", "", () => {
    for (const { id, enabled, hotpluggable, order } of individual) {
      const state = attr("id", id) + attr("enabled", enabled) + attr("hotpluggable", hotpluggable);
      w.empty("vcpu", state + attrNonzero("order", order));
    }
  });
}

export function formatIothreads(w: XmlWriter, domain: Domain): void {
  const { iothreads, defaultIothread } = domain;
  if (iothreads.length > 0) w.leaf("iothreads", iothreads.length);
  const written = iothreads.some(
    (each) => each.autofill !== true || each.threadPoolMin !== undefined || each.threadPoolMax !== undefined,
  );
  if (written) {
    w.block("iothreadids", "", () => {
      for (const { id, threadPoolMin, threadPoolMax } of iothreads) {
        w.empty(
          "iothread",
          attr("id", id) + attr("thread_pool_min", threadPoolMin) + attr("thread_pool_max", threadPoolMax),
        );
      }
    });
  }
  if (defaultIothread !== undefined) {
    const { threadPoolMin, threadPoolMax } = defaultIothread;
    w.emptyIfAttributes(
      "defaultiothread",
      attr("thread_pool_min", threadPoolMin) + attr("thread_pool_max", threadPoolMax),
    );
  }
}

function scheduler(each: Scheduler): string {
  return attr("scheduler", each.policy) + attr("priority", each.priority);
}

export function formatCputune(w: XmlWriter, tune: Cputune | undefined, context: FormatContext): void {
  if (tune === undefined) return;
  w.element("cputune", "", () => {
    w.leaf("shares", tune.shares);
    w.leaf("period", tune.period);
    w.leaf("quota", tune.quota);
    w.leaf("global_period", tune.globalPeriod);
    w.leaf("global_quota", tune.globalQuota);
    w.leaf("emulator_period", tune.emulatorPeriod);
    w.leaf("emulator_quota", tune.emulatorQuota);
    w.leaf("iothread_period", tune.iothreadPeriod);
    w.leaf("iothread_quota", tune.iothreadQuota);
    for (const { vcpu, cpuset } of tune.vcpupin)
      w.empty("vcpupin", attr("vcpu", vcpu) + attr("cpuset", formatNumberSet(cpuset)));
    if (tune.emulatorpin !== undefined) w.empty("emulatorpin", attr("cpuset", formatNumberSet(tune.emulatorpin)));
    for (const { iothread, cpuset } of tune.iothreadpin) {
      w.empty("iothreadpin", attr("iothread", iothread) + attr("cpuset", formatNumberSet(cpuset)));
    }
    if (tune.emulatorsched !== undefined) w.empty("emulatorsched", scheduler(tune.emulatorsched));
    for (const each of tune.vcpusched) w.empty("vcpusched", attr("vcpus", each.vcpu) + scheduler(each));
    for (const each of tune.iothreadsched) w.empty("iothreadsched", attr("iothreads", each.iothread) + scheduler(each));
    formatResctrl(w, tune, context);
  });
}

function formatResctrl(w: XmlWriter, tune: Cputune, context: FormatContext): void {
  for (const { vcpus, id, caches, monitors } of tune.cachetune) {
    const name = context.inactive ? "" : attr("id", id ?? `vcpus_${formatNumberSet(vcpus)}`);
    w.element("cachetune", attr("vcpus", formatNumberSet(vcpus)) + name, () => {
      for (const cache of caches) {
        const { size, unit } = prettySize(cache.size);
        const which = attr("id", cache.id) + attr("level", cache.level) + attr("type", cache.type);
        w.empty("cache", which + attr("size", size) + attr("unit", unit));
      }
      for (const monitor of monitors) {
        w.empty("monitor", attr("level", monitor.level) + attr("vcpus", formatNumberSet(monitor.vcpus)));
      }
    });
  }
  for (const { vcpus, nodes, monitors } of tune.memorytune) {
    const name = context.inactive ? "" : attr("id", `vcpus_${formatNumberSet(vcpus)}`);
    w.element("memorytune", attr("vcpus", formatNumberSet(vcpus)) + name, () => {
      for (const node of nodes) w.empty("node", attr("id", node.id) + attr("bandwidth", node.bandwidth));
      for (const monitor of monitors) w.empty("monitor", attr("vcpus", formatNumberSet(monitor.vcpus)));
    });
  }
}

export function formatNumatune(w: XmlWriter, tune: Numatune | undefined): void {
  if (tune === undefined) return;
  w.element("numatune", "", () => {
    const { memory } = tune;
    if (memory !== undefined) {
      const where =
        memory.placement === "auto"
          ? attr("placement", "auto")
          : attr("nodeset", formatNumberSet(memory.nodeset ?? []));
      w.empty("memory", attr("mode", memory.mode) + where);
    }
    for (const { cellid, mode, nodeset } of tune.memnodes) {
      w.empty("memnode", attr("cellid", cellid) + attr("mode", mode) + attr("nodeset", formatNumberSet(nodeset)));
    }
  });
}
