import { type ConnectHandlers, LIST_NETWORKS_FLAG as LIST, type Network, type NetworkHandlers } from "@polyvisor/core";
import { formatNetwork } from "@polyvisor/sdk/conf/network";
import { checkFlags, hypervError } from "../errors.js";
import type { Instance } from "../wmi/instance.js";
import type { Wmi } from "../wmi/wmi.js";
import { quoted, select } from "../wmi/wql.js";

const SWITCH = "Msvm_VirtualEthernetSwitch";
const HEALTHY = "HealthState = 5";
const INACTIVE_XML = 1;
const FILTERS = Object.values(LIST).reduce((all, flag) => all | flag, 0);

/** The host's virtual switches: all of them are active, persistent, and there whenever the host is. */
export function networkHandlers(wmi: Wmi): ConnectHandlers & NetworkHandlers {
  const all = async () => (await wmi.query(SWITCH, select(SWITCH, HEALTHY))).map(referenceOf);
  const known = async (net: Network) => void (await lookUp(wmi, "Name", net.uuid));
  return {
    connectNumOfNetworks: async () => (await all()).length,
    connectListNetworks: async () => (await all()).map(({ name }) => name),
    connectNumOfDefinedNetworks: () => 0,
    connectListDefinedNetworks: () => [],
    connectListAllNetworks({ flags }) {
      checkFlags(flags, FILTERS, "hypervConnectListAllNetworks");
      const asks = (yes: number, no: number): boolean => (flags & no) !== 0 && (flags & yes) === 0;
      const none =
        asks(LIST.ACTIVE, LIST.INACTIVE) ||
        asks(LIST.PERSISTENT, LIST.TRANSIENT) ||
        asks(LIST.AUTOSTART, LIST.NO_AUTOSTART);
      return none ? [] : all();
    },
    networkLookupByName: ({ name }) => lookUp(wmi, "ElementName", name),
    networkLookupByUUID: ({ uuid }) => lookUp(wmi, "Name", uuid),
    async networkGetXMLDesc({ net, flags }) {
      checkFlags(flags, INACTIVE_XML, "hypervNetworkGetXMLDesc");
      const { name, uuid } = await lookUp(wmi, "Name", net.uuid);
      const none = { ips: [], routes: [], portgroups: [] };
      return formatNetwork({
        ...{ name, uuid, ipv6: false, bridge: { stp: false, delay: 0 }, ...none },
        dns: { forwarders: [], txts: [], srvs: [], hosts: [] },
      });
    },
    async networkGetAutostart({ net }) {
      await known(net);
      return true;
    },
    async networkIsActive({ net }) {
      await known(net);
      return true;
    },
    async networkIsPersistent({ net }) {
      await known(net);
      return true;
    },
  };
}

async function lookUp(wmi: Wmi, property: "Name" | "ElementName", value: string): Promise<Network> {
  const [found] = await wmi.query(SWITCH, select(SWITCH, `${property} = ${quoted(value)}`));
  if (found !== undefined) return referenceOf(found);
  const detail = `No network found with property '${property}' = '${value}'`;
  throw hypervError("NO_NETWORK", detail, "virsh net-list tells the host's switches");
}

function referenceOf(found: Instance): Network {
  return { name: found.text("ElementName") ?? "", uuid: found.required("Name").toLowerCase() };
}
