import { readFile } from "node:fs/promises";
import { type DeviceAccess, type DeviceRule, findNodes } from "@polyvisor/sdk/cgroup";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { boundingSet, processCapabilities } from "../bundle/capabilities.js";
import { deviceRules } from "../bundle/devices.js";
import { usedDevices } from "../filesystems/devices.js";
import { nodeOfDisk, nodeOfHostdev } from "./nodes.js";

/** All that a container with this configuration may use. A device that is not on the host any more is left out. */
export async function rulesOf(config: Config): Promise<readonly DeviceRule[]> {
  const { disks, hostdevs } = config.devices;
  const wanted = [
    ...disks.map(nodeOfDisk),
    ...hostdevs.filter(({ source }) => source.type !== "net").map(nodeOfHostdev),
  ];
  const [used, found] = await Promise.all([
    usedDevices(config),
    findNodes(wanted.map(({ host, access }) => ({ path: host, access: access === "r" ? "rm" : "rwm" }))),
  ]);
  const capabilities = processCapabilities(
    config.features.capabilities,
    boundingSet(await readFile("/proc/self/status", "utf8")),
  );
  const ordinary = deviceRules(used, capabilities.includes("CAP_MKNOD")).flatMap(
    ({ allow, type, major, minor, access }): DeviceRule[] =>
      allow ? [{ type: type === "b" ? "block" : "char", major, minor, access: access as DeviceAccess }] : [],
  );
  const plugged = found.map(({ node: { type, major, minor }, access }): DeviceRule => ({ type, major, minor, access }));
  return [...ordinary, ...plugged];
}
