import type { Interface } from "@polyvisor/sdk/conf";
import { refuse } from "./context.js";

const QUEUES: ReadonlySet<string> = new Set(["network", "bridge", "direct", "ethernet", "vhostuser", "vdpa"]);
const TAPS: ReadonlySet<string> = new Set(["network", "bridge", "ethernet"]);

/** What can only be told once the network that an interface names was resolved; `type`: to what. */
export function checkConnected(nic: Interface, type: string): void {
  const name = `interface ${nic.mac?.address}`;
  const passthrough = nic.source.type === "direct" && nic.source.mode === "passthrough";
  const openvswitch = type === "bridge" && nic.virtualport?.type === "openvswitch";
  if (nic.vlan !== undefined && type !== "hostdev" && type !== "network" && !passthrough && !openvswitch)
    throw refuse(`${name} - vlan tag not supported for this connection type`);
  if (nic.bandwidth !== undefined && type === "hostdev")
    throw refuse(`${name} - bandwidth settings are not supported for hostdev interfaces`);
  const kinds = (what: string) => refuse(`${name} - ${what} is not supported for network interfaces of type ${type}`);
  if ((nic.driver?.queues ?? 0) > 0 && !QUEUES.has(type)) throw kinds("multiqueue");
  if (nic.filterref !== undefined) {
    if (!TAPS.has(type)) throw kinds("filterref");
    if (nic.virtualport?.type !== undefined)
      throw refuse(
        `${name} - filterref is not supported for network interfaces with virtualport type ${nic.virtualport.type}`,
      );
  }
  if (nic.backend?.tap !== undefined && !TAPS.has(type)) throw kinds("custom tap device path");
  if (nic.teaming?.type === "transient" && type !== "hostdev")
    throw refuse(`${name} - teaming transient device must be type='hostdev', not '${type}'`);
}
