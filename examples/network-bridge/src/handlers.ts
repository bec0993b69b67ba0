import { checkFlags, type Network, type NetworkHandlers } from "@polyvisor/core";
import { formatNetwork } from "@polyvisor/sdk/conf/network";
import { flagsOf, type ListFilters, selectBy } from "@polyvisor/sdk/store";
import type { BridgeNetwork, Networks } from "./networks.js";

const INACTIVE_XML = 1;

/** What lists may be filtered by, with libvirt's values (`VIR_CONNECT_LIST_NETWORKS_*`): all persist, none starts by itself. */
const FILTERS: ListFilters<BridgeNetwork> = [
  [
    [1, ({ isActive }) => !isActive],
    [2, ({ isActive }) => isActive],
  ],
  [
    [4, () => true],
    [8, () => false],
  ],
  [
    [16, () => false],
    [32, () => true],
  ],
];

/** The calls on networks. */
export function networkHandlers(networks: Networks): NetworkHandlers {
  const find = ({ uuid }: Network) => networks.lookupByUUID(uuid);
  const namesOf = (active: boolean) =>
    [...networks].filter((each) => each.isActive === active).map(({ ref }) => ref.name);
  return {
    connectNumOfNetworks: () => namesOf(true).length,
    connectListNetworks: () => namesOf(true),
    connectNumOfDefinedNetworks: () => namesOf(false).length,
    connectListDefinedNetworks: () => namesOf(false),
    connectListAllNetworks({ flags }) {
      checkFlags(flags, flagsOf(FILTERS), "connectListAllNetworks", "NETWORK");
      return selectBy(networks, FILTERS, flags).map(({ ref }) => ref);
    },

    networkLookupByName: ({ name }) => networks.lookupByName(name).ref,
    networkLookupByUUID: ({ uuid }) => networks.lookupByUUID(uuid).ref,
    networkIsActive: ({ net }) => find(net).isActive,
    networkIsPersistent: ({ net }) => find(net) !== undefined,
    networkGetAutostart: ({ net }) => find(net) === undefined,
    networkGetBridgeName: ({ net }) => find(net).bridge,
    networkGetXMLDesc({ net, flags }) {
      checkFlags(flags, INACTIVE_XML, "networkGetXMLDesc", "NETWORK");
      const { config, ports } = find(net);
      if ((flags & INACTIVE_XML) !== 0) return formatNetwork(config, { inactive: true });
      return formatNetwork(ports.size === 0 ? config : { ...config, connections: ports.size });
    },

    networkDefineXML: async ({ xml }) => (await networks.define(xml)).ref,
    networkUndefine: ({ net }) => networks.undefine(find(net)),
    networkCreate: ({ net }) => networks.start(find(net)),
    networkDestroy: ({ net }) => networks.stop(find(net)),
  };
}
