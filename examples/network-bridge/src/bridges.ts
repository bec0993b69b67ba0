import { VirtError } from "@polyvisor/core";
import type { Network } from "@polyvisor/sdk/conf/network";
import { networkPrefix } from "@polyvisor/sdk/conf/network";
import { runHelper } from "@polyvisor/sdk/process";

/** Whether there is such a bridge in the network namespace that this process is in. */
export async function hasBridge(name: string): Promise<boolean> {
  const { status } = await runHelper(["ip", "link", "show", "dev", name, "type", "bridge"]);
  return status === 0;
}

/** Makes a network's bridge, with its addresses. Leaves none where that fails. */
export async function makeBridge(name: string, network: Network): Promise<void> {
  await ip(`Unable to create bridge ${name}`, "link", "add", name, "type", "bridge");
  try {
    for (const address of network.ips) {
      await ip(
        `Cannot set the address of ${name}`,
        "addr",
        "add",
        `${address.address}/${networkPrefix(address)}`,
        "dev",
        name,
      );
    }
    await ip(`Cannot bring ${name} up`, "link", "set", name, "up");
  } catch (error) {
    await removeBridge(name);
    throw error;
  }
}

export async function removeBridge(name: string): Promise<void> {
  await ip(`Unable to delete bridge ${name}`, "link", "delete", name, "type", "bridge");
}

async function ip(what: string, ...args: readonly string[]): Promise<void> {
  const { status, stderr } = await runHelper(["ip", ...args]);
  if (status !== 0)
    throw new VirtError("SYSTEM_ERROR", `${what}: ${stderr.trim().split("\n").at(-1)}`, { domain: "NETWORK" });
}
