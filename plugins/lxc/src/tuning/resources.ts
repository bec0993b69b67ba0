import { type DeviceNeed, findNodes } from "@polyvisor/sdk/cgroup";
import type { BlkioDevice, Domain as Config } from "@polyvisor/sdk/conf/domain";
import { formatNumberSet } from "@polyvisor/sdk/conf/number-set";
import type { OciResources } from "../bundle/oci.js";

const KIB = 1024;

/**
 * What a container is held to from its start on, less the devices. Looks at the host for the numbers of disks, of which one that
 * is not there is left out.
 */
export async function linuxResources(config: Config): Promise<Omit<OciResources, "devices">> {
  const blockIO = await blockIoOf(config);
  return { memory: memoryOf(config), cpu: cpuOf(config), ...(blockIO && { blockIO }) };
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

async function blockIoOf({ blkiotune }: Config): Promise<OciResources["blockIO"]> {
  if (blkiotune === undefined) return undefined;
  const { weight, devices } = blkiotune;
  const numbers = await numbersOf(devices);
  const rates = (limit: Exclude<keyof BlkioDevice, "path">) =>
    devices.flatMap((device) => {
      const node = numbers.get(device.path);
      const rate = device[limit];
      return node === undefined || !rate ? [] : [{ ...node, rate }];
    });
  return {
    ...(weight !== undefined && { weight }),
    weightDevice: rates("weight").map(({ rate, ...node }) => ({ ...node, weight: rate })),
    throttleReadBpsDevice: rates("readBytesSec"),
    throttleWriteBpsDevice: rates("writeBytesSec"),
    throttleReadIOPSDevice: rates("readIopsSec"),
    throttleWriteIOPSDevice: rates("writeIopsSec"),
  };
}

async function numbersOf(
  devices: readonly BlkioDevice[],
): Promise<ReadonlyMap<string, { major: number; minor: number }>> {
  const found = await Promise.all(
    devices.map(async ({ path }) => {
      const need: DeviceNeed = { path, access: "rw" };
      const [at] = await findNodes([need]);
      return at?.node.type === "block" ? [[path, { major: at.node.major, minor: at.node.minor }] as const] : [];
    }),
  );
  return new Map(found.flat());
}
