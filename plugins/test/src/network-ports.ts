import {
  type NetworkHandlers,
  type Network as NetworkReference,
  type NetworkPort as PortReference,
  VirtError,
} from "@polyvisor/core";
import { formatNetworkPort, type NetworkPort, parseNetworkPort } from "@polyvisor/sdk/conf/network";
import { parseValidXml } from "@polyvisor/sdk/schema";
import { checkParams, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { BANDWIDTH_PARAMS, bandwidthParams, withRates } from "./bandwidth-params.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHost } from "./test-host.js";
import type { TestNetwork } from "./test-network.js";

const RECLAIM = 1;
const VALIDATE = 2;

/** The places in networks that guests are plugged into. They are gone when their network stops. */
export function networkPortHandlers({ networks }: TestHost): NetworkHandlers {
  function activeNetwork({ uuid }: NetworkReference): TestNetwork {
    const network = networks.lookupByUUID(uuid);
    if (network.isActive) return network;
    const detail = `network '${network.ref.name}' is not active`;
    throw testError("OPERATION_INVALID", detail, "start it with `net-start`");
  }

  function find({ net, uuid }: PortReference): { readonly network: TestNetwork; readonly port: NetworkPort } {
    const network = activeNetwork(net);
    const port = network.ports.get(uuid);
    if (port !== undefined) return { network, port };
    throw new VirtError("NO_NETWORK_PORT", `Network port with UUID ${uuid} does not exist`, {
      domain: "NETWORK",
      hint: "`net-port-list` shows the ports that are here",
    });
  }

  function create(net: NetworkReference, port: NetworkPort, flags: number): PortReference {
    const network = activeNetwork(net);
    checkReclaim(port, (flags & RECLAIM) !== 0);
    if (network.ports.has(port.uuid)) {
      const detail = `Network port with UUID ${port.uuid} already exists`;
      throw new VirtError("NETWORK_PORT_EXIST", detail, { domain: "NETWORK", hint: "leave the UUID out" });
    }
    network.ports.set(port.uuid, plugged(network, port));
    return { net: network.ref, uuid: port.uuid };
  }

  return {
    networkListAllPorts({ network, flags }) {
      checkFlags(flags, 0, "testNetworkListAllPorts");
      const { ref, ports } = activeNetwork(network);
      return [...ports.keys()].map((uuid) => ({ net: ref, uuid }));
    },
    networkPortLookupByUUID: ({ network, uuid }) => ({ net: find({ net: network, uuid }).network.ref, uuid }),

    networkPortCreateXML({ network, xml, flags }) {
      checkFlags(flags, RECLAIM | VALIDATE, "testNetworkPortCreateXML");
      if ((flags & VALIDATE) === 0) return create(network, parseNetworkPort(xml), flags);
      return parseValidXml(xml, "networkPort").then(() => create(network, parseNetworkPort(xml), flags));
    },
    networkPortGetXMLDesc({ port, flags }) {
      checkFlags(flags, 0, "testNetworkPortGetXMLDesc");
      return formatNetworkPort(find(port).port);
    },
    networkPortDelete({ port, flags }) {
      checkFlags(flags, 0, "testNetworkPortDelete");
      find(port).network.ports.delete(port.uuid);
    },

    networkPortGetParameters({ port, flags }) {
      checkFlags(flags, STRING_OKAY, "testNetworkPortGetParameters");
      return bandwidthParams(find(port).port.bandwidth);
    },
    networkPortSetParameters({ port: reference, params, flags }) {
      checkFlags(flags, 0, "testNetworkPortSetParameters");
      checkParams(params, BANDWIDTH_PARAMS);
      const { network, port } = find(reference);
      network.ports.set(port.uuid, { ...port, bandwidth: withRates(port.bandwidth, params) });
    },
  };
}

/** Who names what a port is plugged into means one that there was before. */
function checkReclaim({ plug }: NetworkPort, reclaim: boolean): void {
  if ((plug !== undefined) === reclaim) return;
  const detail = reclaim
    ? "Port reclaim requested but plug type is none"
    : "Port reclaim not requested but plug type is not none";
  throw testError("INVALID_ARG", detail, "give a <plug> with --reclaim, and only then");
}

/** Guests are plugged into the network's bridge, where it has one. */
function plugged({ config }: TestNetwork, port: NetworkPort): NetworkPort {
  const { name } = config.bridge;
  if (port.plug !== undefined || name === undefined) return port;
  return { ...port, plug: { type: "network", bridge: name } };
}
