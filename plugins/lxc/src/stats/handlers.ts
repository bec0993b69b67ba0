import {
  checkFlags,
  type Domain,
  type DomainBlockHandlers,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  type DomainTuningHandlers,
  MEMORY_STAT,
  VirtError,
} from "@polyvisor/core";
import { findNode } from "@polyvisor/sdk/cgroup";
import type { Domain as Config, Disk, Interface } from "@polyvisor/sdk/conf/domain";
import { notRunning } from "@polyvisor/sdk/lifecycle";
import { STRING_OKAY } from "@polyvisor/sdk/typed-params";
import type { Container } from "../container/container.js";
import type { LxcHypervisor } from "../pieces.js";
import {
  type BlockCounters,
  type NetworkCounters,
  readBlockCounters,
  readMemoryUse,
  readNetworkCounters,
} from "./counters.js";

type Stats = DomainBlockHandlers & DomainTuningHandlers & DomainConfigHandlers & DomainLifecycleHandlers;

/** What a container has used of memory, processors, disks and networks. */
export function statsHandlers(hypervisor: LxcHypervisor): Stats {
  return {
    async domainGetInfo({ dom }) {
      const domain = hypervisor.domains.find(dom);
      const { memory: maxMem, currentMemory, vcpu } = domain.config();
      const { state } = domain.status;
      if (domain.run === undefined)
        return { state, maxMem, memory: currentMemory, nrVirtCpu: vcpu.current, cpuTime: 0n };
      const { guest } = domain.run;
      const [{ memory = currentMemory }, cpuTime] = await Promise.all([
        readMemoryUse(guest.cgroup),
        hypervisor.backend.cpuTime?.(guest) ?? 0n,
      ]);
      return { state, maxMem, memory, nrVirtCpu: vcpu.current, cpuTime };
    },

    async domainMemoryStats({ dom, flags }) {
      checkFlags(flags, 0, "lxcDomainMemoryStats", "LXC");
      const { config, container } = running(hypervisor, dom);
      const { memory, swap } = await readMemoryUse(container.cgroup);
      return [
        { tag: MEMORY_STAT.ACTUAL_BALLOON, val: config.currentMemory },
        ...(swap === undefined ? [] : [{ tag: MEMORY_STAT.SWAP_IN, val: swap }]),
        ...(memory === undefined ? [] : [{ tag: MEMORY_STAT.RSS, val: memory }]),
      ];
    },

    async domainBlockStats({ dom, path }) {
      return { ...(await blockCounters(hypervisor, dom, path)), errs: -1 };
    },

    async domainBlockStatsFlags({ dom, path, flags }) {
      checkFlags(flags, STRING_OKAY, "lxcDomainBlockStatsFlags", "LXC");
      const { wrBytes, wrReq, rdBytes, rdReq } = await blockCounters(hypervisor, dom, path);
      return [
        { field: "wr_bytes", type: "llong", value: wrBytes },
        { field: "wr_operations", type: "llong", value: wrReq },
        { field: "rd_bytes", type: "llong", value: rdBytes },
        { field: "rd_operations", type: "llong", value: rdReq },
      ];
    },

    async domainInterfaceStats({ dom, device }) {
      const { config, container } = running(hypervisor, dom);
      const nic = findCard(config, device);
      const onHost = nic.target?.dev;
      const counters =
        onHost === undefined || nic.source.type === "direct"
          ? await readNetworkCounters(container.initPid, nic.guest?.dev ?? "")
          : swapped(await readNetworkCounters("self", onHost));
      if (counters !== undefined) return counters;
      throw new VirtError("INTERNAL_ERROR", `/proc/net/dev: Interface not found '${device}'`, {
        domain: "LXC",
        hint: "the container, or somebody on the host, has removed it",
      });
    },
  };
}

function running(hypervisor: LxcHypervisor, dom: Domain): { readonly config: Config; readonly container: Container } {
  const { run } = hypervisor.domains.find(dom);
  if (run === undefined) throw notRunning();
  return { config: run.config, container: run.guest };
}

async function blockCounters(hypervisor: LxcHypervisor, dom: Domain, path: string): Promise<BlockCounters> {
  const { config, container } = running(hypervisor, dom);
  if (!container.cgroup.has("blkio"))
    throw new VirtError("OPERATION_INVALID", "blkio cgroup isn't mounted", { domain: "LXC" });
  if (path === "") return readBlockCounters(container.cgroup);
  const disk = config.devices.disks.find((each) => each.target.dev === path || sourceOf(each) === path);
  if (disk === undefined) throw new VirtError("INVALID_ARG", `invalid path: ${path}`, { domain: "LXC" });
  const node = await findNode(sourceOf(disk) ?? "");
  if (node?.type === "block") return readBlockCounters(container.cgroup, `${node.major}:${node.minor}`);
  throw new VirtError("INTERNAL_ERROR", `Cannot find byte stats for block device '${path}'`, {
    domain: "LXC",
    hint: "its disk is gone from the host",
  });
}

export function sourceOf({ source }: Disk): string | undefined {
  return "path" in source ? source.path : undefined;
}

/** By its name on the host, or by its address. */
function findCard({ devices }: Config, device: string): Interface {
  const isMac = /^[\da-f]{2}(:[\da-f]{2}){5}$/i.test(device);
  const found = devices.interfaces.find(({ mac, target }) =>
    isMac ? mac?.address === device.toLowerCase() : target?.dev === device,
  );
  if (found !== undefined) return found;
  throw new VirtError("INVALID_ARG", `'${device}' is not a known interface`, {
    domain: "DOMAIN",
    hint: "name the card's device on the host (virsh domiflist), or its address",
  });
}

/** What leaves the host's end comes to the container. */
function swapped(counters: NetworkCounters | undefined): NetworkCounters | undefined {
  if (counters === undefined) return undefined;
  const { rxBytes, rxPackets, rxErrs, rxDrop, txBytes, txPackets, txErrs, txDrop } = counters;
  return {
    rxBytes: txBytes,
    rxPackets: txPackets,
    rxErrs: txErrs,
    rxDrop: txDrop,
    txBytes: rxBytes,
    txPackets: rxPackets,
    txErrs: rxErrs,
    txDrop: rxDrop,
  };
}
