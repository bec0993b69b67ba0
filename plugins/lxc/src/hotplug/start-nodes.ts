import { VirtError } from "@polyvisor/core";
import { findNode } from "@polyvisor/sdk/cgroup";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import type { UsedDevice } from "../bundle/devices.js";
import type { OciDevice } from "../bundle/oci.js";
import { NODE_MODE, nodeOfDisk, nodeOfHostdev, unsupported, type WantedNode } from "./nodes.js";

/** A device that a container has from its start on: its node, and what may be done with it. */
export interface StartNode {
  readonly node: OciDevice;
  readonly use: UsedDevice;
}

/**
 * The nodes of a container's disks and of its devices of the host. Fails for one that is not on this host, or of another kind;
 * a USB device that may be absent is left out. Cards of the host have none.
 */
export async function startNodes({ devices }: Config): Promise<readonly StartNode[]> {
  const hostdevs = devices.hostdevs.filter(({ source }) => source.type !== "net");
  const wanted = [
    ...devices.disks.map((disk) => ({ node: nodeOfDisk(disk), optional: disk.source.startupPolicy === "optional" })),
    ...hostdevs.map((each) => ({
      node: nodeOfHostdev(each),
      optional: each.source.type === "usb" && each.source.startupPolicy === "optional",
    })),
  ];
  const found = await Promise.all(wanted.map(({ node, optional }) => startNode(node, optional)));
  return found.flatMap((each) => each ?? []);
}

async function startNode(
  { host, inside, type, access }: WantedNode,
  optional: boolean,
): Promise<StartNode | undefined> {
  const node = await findNode(host);
  if (node === undefined && optional) return undefined;
  if (node === undefined)
    throw new VirtError("SYSTEM_ERROR", `Unable to access ${host}: No such file or directory`, {
      domain: "LXC",
      hint: "the device is not on this host",
    });
  if (node.type !== type)
    throw unsupported(`Device source ${host} must be a ${type} device`, `it is a ${node.type} device`);
  const numbers = { type: type === "block" ? "b" : "c", major: node.major, minor: node.minor } as const;
  return { node: { ...numbers, path: inside, fileMode: NODE_MODE }, use: { ...numbers, access: `${access}m` } };
}
