import { VirtError } from "@polyvisor/core";
import type { Cgroup } from "@polyvisor/sdk/cgroup";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { formatNumberSet } from "@polyvisor/sdk/conf/number-set";
import { limitBlockDevice, setBlockWeight } from "@polyvisor/sdk/tuning";
import type { OciResources } from "../bundle/oci.js";

const KIB = 1024;

/** What a container is held to from its start on, less devices and disks. */
export function linuxResources(config: Config): Omit<OciResources, "devices" | "blockIO"> {
  return { memory: memoryOf(config), cpu: cpuOf(config) };
}

/** Where nothing says otherwise, a container may have what its document gives it, and as much of swap as the host has. */
function memoryOf({ memory, memtune }: Config): NonNullable<OciResources["memory"]> {
  const { hardLimit = memory, softLimit, swapHardLimit } = memtune ?? {};
  return {
    limit: hardLimit * KIB,
    ...(softLimit !== undefined && { reservation: softLimit * KIB }),
    ...(swapHardLimit !== undefined && { swap: swapHardLimit * KIB }),
  };
}

function cpuOf({ cputune, vcpu, numatune }: Config): NonNullable<OciResources["cpu"]> {
  const { shares, period, quota } = cputune ?? {};
  const nodes = numatune?.memory?.nodeset;
  return {
    ...(shares !== undefined && { shares }),
    ...(period !== undefined && period !== 0 && { period }),
    ...(quota !== undefined && quota !== 0 && { quota }),
    ...(vcpu.placement !== "auto" && vcpu.cpuset !== undefined && { cpus: formatNumberSet(vcpu.cpuset) }),
    ...(nodes !== undefined && { mems: formatNumberSet(nodes) }),
  };
}

/**
 * Sets how a container shares the host's disks with others, once its group is there: what the kernel has for it has another name
 * than engines know. Fails in libvirt's words.
 */
export async function limitBlocks(group: Cgroup, { blkiotune }: Config): Promise<void> {
  if (blkiotune === undefined || (blkiotune.weight === undefined && blkiotune.devices.length === 0)) return;
  if (!group.has("blkio"))
    throw new VirtError("CONFIG_UNSUPPORTED", "Block I/O tuning is not available on this host", {
      domain: "LXC",
      hint: "the kernel's controller is not mounted",
    });
  if (blkiotune.weight !== undefined) await setBlockWeight(group, blkiotune.weight);
  for (const device of blkiotune.devices) await limitBlockDevice(group, device);
}
