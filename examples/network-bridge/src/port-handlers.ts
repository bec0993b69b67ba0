import {
  checkFlags,
  type Network,
  type NetworkHandlers,
  type NetworkPort as PortReference,
  VirtError,
} from "@polyvisor/core";
import { formatNetworkPort, type NetworkPort, parseNetworkPort } from "@polyvisor/sdk/conf/network";
import { type BridgeNetwork, checkActive, type Networks } from "./networks.js";

/** The port is in use already: its user tells of it after this driver has forgotten it. */
const RECLAIM = 1;

/** The calls by which drivers of guests plug cards in. */
export function portHandlers(networks: Networks): NetworkHandlers {
  function active({ uuid }: Network): BridgeNetwork {
    const network = networks.lookupByUUID(uuid);
    checkActive(network);
    return network;
  }

  function find({ net, uuid }: PortReference): { readonly network: BridgeNetwork; readonly port: NetworkPort } {
    const network = active(net);
    const port = network.ports.get(uuid);
    if (port !== undefined) return { network, port };
    throw new VirtError("NO_NETWORK_PORT", `Network port with UUID ${uuid} does not exist`, { domain: "NETWORK" });
  }

  return {
    networkListAllPorts({ network }) {
      const { ref, ports } = active(network);
      return [...ports.keys()].map((uuid) => ({ net: ref, uuid }));
    },
    networkPortLookupByUUID: ({ network, uuid }) => ({ net: find({ net: network, uuid }).network.ref, uuid }),
    async networkPortCreateXML({ network, xml, flags }) {
      checkFlags(flags, RECLAIM, "networkPortCreateXML", "NETWORK");
      const found = active(network);
      const { uuid } = await networks.plug(found, parseNetworkPort(xml));
      return { net: found.ref, uuid };
    },
    networkPortGetXMLDesc: ({ port }) => formatNetworkPort(find(port).port),
    networkPortDelete: async ({ port }) => networks.unplug(find(port).network, port.uuid),
  };
}
